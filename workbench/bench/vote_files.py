"""Votes as files: all of them for another store, and those that decided as preference pairs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from workbench.bench.balloting import ballots_of
from workbench.bench.inert import inert_json
from workbench.bench.vote_lines import SIDES, SideTold, VoteTold, read_line
from workbench.context.messages import Message
from workbench.errors import StoreError, UsageError
from workbench.project.yaml import Value
from workbench.store.records import Contender, Pair, Vote
from workbench.store.store import Store

AT_ONCE = 500
"""Votes whose texts are held at once."""


@dataclass(frozen=True)
class Unplaced:
    """A line of a file that was not taken, counted from 1, and why, for a person."""

    line: int
    why: str


@dataclass(frozen=True)
class Merged:
    """What became of the lines of a file: votes ``added``, votes ``known`` that were here, and the rest."""

    added: int
    known: int
    unplaced: tuple[Unplaced, ...]


class VoteFiles:
    """Writes votes out, and takes in those of others. Everything here blocks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def votes(self, prompts: Collection[str] = ()) -> Iterator[str]:
        """Yield all votes that people gave on some prompts, or on all, as lines of JSON, oldest first.

        A line needs no database to be understood: it tells both sides by what was asked of whom and by the
        hash of what came back. A vote that was taken back says when.
        """
        for prompt, votes, known in self._votes(prompts):
            names = self._store.judging.case_names(prompt)
            for page in _paged(votes):
                texts = self._store.judging.texts(list(_results(page)))
                for vote in page:
                    yield _line(self._told(vote, known, names.get(vote.pair.case_hash), texts))

    def preferences(self, prompts: Collection[str] = (), *, blind_only: bool = True) -> Iterator[str]:
        """Yield the votes that decided as lines of JSON to tune a model with: messages, chosen, rejected.

        Of each judge's votes on two results the first that stands counts. ``messages`` are the context of the
        chosen answer; ``same_messages`` says whether the rejected one answers the same.
        """
        for prompt, votes, _ in self._votes(prompts):
            names = self._store.judging.case_names(prompt)
            for page in _paged(_decided(votes, blind_only)):
                texts = self._store.judging.texts(list(_results(page)))
                contexts = self._store.judging.contexts(_results(page))
                for vote in page:
                    sides = (vote.pair.left_result, vote.pair.right_result)
                    chosen, rejected = sides if vote.choice == "left" else sides[::-1]
                    yield _line(
                        {
                            "messages": self._messages(contexts[chosen]),
                            "chosen": texts[chosen],
                            "rejected": texts[rejected],
                            "prompt": prompt,
                            "case": names.get(vote.pair.case_hash),
                            "judge": vote.judge,
                            "blind": vote.blind,
                            "same_messages": contexts[chosen] == contexts[rejected],
                        }
                    )

    def merge(self, lines: Iterable[bytes | str]) -> Merged:
        """Store the votes of a file that are about results of this store; returns what became of each line.

        A result is the same where the call and the text are. What is here stays as it is, and a vote that is
        here already is not added again; all is stored, or nothing where the database fails.
        """
        placed: list[tuple[int, Vote]] = []
        unplaced: list[Unplaced] = []
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                placed.append((number, self._placed(read_line(line))))
            except UsageError as why:
                unplaced.append(Unplaced(number, why.message))
        here = self._store.votes.merge([vote for _, vote in placed])
        differing = [
            Unplaced(number, difference)
            for (number, vote), known in zip(placed, here, strict=True)
            if known is not None and (difference := _difference(known, vote))
        ]
        added = sum(known is None for known in here)
        known = len(here) - added - len(differing)
        return Merged(added, known, tuple(sorted([*unplaced, *differing], key=lambda one: one.line)))

    def _votes(self, prompts: Collection[str]) -> Iterator[tuple[str, list[Vote], Mapping[int, Contender]]]:
        """Yield each prompt with its votes and its contenders by number."""
        for prompt in prompts or self._store.votes.prompts():
            known = {contender.id: contender for contender in self._store.runs.contenders(prompt)}
            yield prompt, self._store.votes.ever(prompt), known

    def _told(
        self, vote: Vote, known: Mapping[int, Contender], case: str | None, texts: Mapping[int, str]
    ) -> dict[str, Value]:
        pair = vote.pair
        sides = {
            "left": (pair.left_result, known[pair.left_contender]),
            "right": (pair.right_result, known[pair.right_contender]),
        }
        return {
            "prompt": pair.prompt,
            "case": case,
            "case_hash": pair.case_hash,
            **{side: self._side(*sides[side], texts) for side in SIDES},
            "choice": vote.choice,
            "judge": vote.judge,
            "blind": vote.blind,
            "seconds": vote.seconds,
            "note": vote.note,
            "created": vote.created,
            "undone": vote.undone,
        }

    def _side(self, result: int, contender: Contender, texts: Mapping[int, str]) -> dict[str, Value]:
        sample, call_key = self._store.judging.sample(result, contender.id)
        return {
            "version": contender.version,
            "model": contender.string,
            "params": dict(contender.params),
            "sample": sample,
            "call_key": call_key,
            "text_sha256": _sha256(texts[result]),
        }

    def _placed(self, told: VoteTold) -> Vote:
        """Return a vote about results of this store; raises UsageError where they are not here."""
        results, contenders = {}, {}
        for side in SIDES:
            results[side], contenders[side] = self._found(told, side, told.sides[side])
        if results["left"] == results["right"] or contenders["left"] == contenders["right"]:
            raise UsageError("both sides are of one contender")
        pair = Pair(
            prompt=told.prompt,
            case_hash=told.case_hash,
            left_result=results["left"],
            right_result=results["right"],
            left_contender=contenders["left"],
            right_contender=contenders["right"],
        )
        return Vote(
            pair=pair,
            choice=told.choice,
            judge=told.judge,
            blind=told.blind,
            created=told.created,
            note=told.note,
            seconds=told.seconds,
            undone=told.undone,
        )

    def _found(self, told: VoteTold, side: str, of: SideTold) -> tuple[int, int]:
        """Return the result and the contender that one side is here; raises UsageError where it is not."""
        judging = self._store.judging
        answers = judging.answering(of.call_key)
        if not answers:
            raise UsageError(f"{side}: this store has no answer to that call")
        same = [number for number, text in answers.items() if _sha256(text) == of.text_sha256]
        if not same:
            raise UsageError(f"{side}: that call was answered otherwise here")
        for number in same:
            contender = judging.author(number, told.prompt, of.version, told.case_hash)
            if contender is not None:
                return number, contender
        raise UsageError(f"{side}: that answer was given here, but not for this prompt, version and case")

    def _messages(self, context: str) -> list[Value]:
        try:
            messages: tuple[Message, ...] = self._store.sources.context(context)
        except KeyError:
            raise StoreError("the store does not hold the context of an answer that was judged") from None
        return [{"role": message.role, "content": message.content} for message in messages]


def _line(value: Mapping[str, Value]) -> str:
    return inert_json(json.dumps(value, ensure_ascii=False)) + "\n"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _paged(votes: list[Vote]) -> Iterator[list[Vote]]:
    for start in range(0, len(votes), AT_ONCE):
        yield votes[start : start + AT_ONCE]


def _results(votes: Iterable[Vote]) -> set[int]:
    return {result for vote in votes for result in (vote.pair.left_result, vote.pair.right_result)}


def _decided(votes: Iterable[Vote], blind_only: bool) -> list[Vote]:
    """Return the votes that stand and chose a side, without second words on the same two results."""
    standing = [vote for vote in votes if vote.undone is None]
    groups = {
        number: str(number)
        for vote in standing
        for number in (vote.pair.left_contender, vote.pair.right_contender)
    }
    return [
        vote
        for vote, ballot in zip(standing, ballots_of(standing, groups), strict=True)
        if vote.choice in SIDES and not ballot.repeat and (vote.blind or not blind_only)
    ]


def _difference(here: Vote, there: Vote) -> str:
    """Return how a vote that is here differs from the same in a file, empty where it does not."""
    if here.choice != there.choice:
        return f"{here.judge} said “{here.choice}” here, and not “{there.choice}”"
    if (here.undone is None) != (there.undone is None):
        stands, gone = ("here", "there") if here.undone is None else ("there", "here")
        return f"this vote stands {stands} and was taken back {gone}"
    return ""
