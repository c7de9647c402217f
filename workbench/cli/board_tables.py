"""The board as tables for people: ratings, who won against whom, and a prompt along its commits."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase

from workbench.bench.board_views import AtCommit, BoardRow, BoardView
from workbench.bench.shown import NOTHING, age, money, percent, seconds, verdict, win_rate
from workbench.cli.output import print_note, print_table, print_text
from workbench.verdicts.agreement import Agreement
from workbench.verdicts.effects import Effect
from workbench.verdicts.intervals import Share
from workbench.verdicts.matrix import Meeting


def print_ratings(view: BoardView) -> None:
    """Print a line a contender, the best first, and what all votes together say on standard error."""
    rows = [
        (
            *(
                str(place),
                row.label,
                percent(row.standing.rating),
                _ends(row.standing.low, row.standing.high),
            ),
            *(str(row.votes), str(row.standing.wins), str(row.standing.losses), str(row.ties)),
            *(_bads(row), _passed(row), verdict(row.standing)),
            *(money(row.cost, free=row.contender.local), seconds(row.total)),
        )
        for place, row in enumerate(view.rows, start=1)
    ]
    headers = ("", view.by.upper(), "RATING", "95 %", "VOTES", "WON", "LOST", "TIED", "BOTH BAD", "GOOD")
    print_table((*headers, "", "COST", "TIME"), rows, right=(0, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12))


def print_doubts(view: BoardView) -> None:
    """Print how many votes there are, and what speaks for or against them, on standard error."""
    print_note(f"{view.votes} votes ({view.blind} blind), {view.identical} identical answers counted as ties")
    if view.board.sign_test is not None:
        print_note(f"exact sign test without ties: {_chance(view.board.sign_test)}")
    if not view.board.connected:
        print_note("The votes do not join all contenders: ratings of separate groups cannot be compared.")
    labels = {row.key: row.label for row in view.rows}
    for circle in view.matrix.circles:
        beaten = " beats ".join(labels[key] for key in (*circle, circle[0]))
        print_note(f"A circle, which no ranking can say: {beaten}.")
    _print_effect(view.sides, "the answer on the left", "the judge may lean to a side")
    _print_effect(view.lengths, "the longer answer", "length may have been rewarded")
    for judge, found in view.consistency.items():
        if found.pairs:
            print_note(f"{judge}, asked again: {_agreed(found)}")
    for one, other, found in view.agreements:
        print_note(f"{one} and {other}: {_agreed(found)}")


def print_matrix(view: BoardView) -> None:
    """Print who won against whom: each line's win rate against each column, with won-lost-tied."""
    names = [_letter(place) for place in range(len(view.rows))]
    rows = [
        (name, row.label, *(_met(met) for met in view.matrix.row(row.key)))
        for name, row in zip(names, view.rows, strict=True)
    ]
    print_table(("", "AGAINST", *names), rows)
    print_note("A cell is the win rate with its 95 % interval, and won-lost-tied.")


def print_commits(commits: Sequence[AtCommit], now: str) -> None:
    """Print what a prompt scored at each of its commits, oldest first."""
    if not commits:
        print_note("There are no commits of this prompt.")
        return
    rows = [
        (
            *(at.label, age(at.date, now) if at.date else NOTHING, win_rate(at.win_rate)),
            *(str(at.win_rate.votes) if at.win_rate else NOTHING, at.subject or ""),
        )
        for at in commits
    ]
    print_table(("COMMIT", "AGE", "WIN RATE", "VOTES", "SUBJECT"), rows, right=(1, 3))


def _print_effect(effect: Effect, favoured: str, why: str) -> None:
    if effect.shows and effect.share is not None:
        verb = "won" if effect.wins > effect.losses else "lost"
        number = max(effect.wins, effect.losses)
        print_note(
            f"{favoured} {verb} {number} of {effect.wins + effect.losses} "
            f"({_ends(effect.share.low, effect.share.high)} % won, {_chance(effect.p)}): {why}"
        )


def _chance(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _agreed(found: Agreement) -> str:
    assert found.same is not None
    kappa = "" if found.kappa is None else f", Cohen's kappa {found.kappa:.2f}"
    pairs = "pair" if found.pairs == 1 else "pairs"
    return f"the same on {percent(found.same.rate)} of {found.pairs} {pairs}{kappa}"


def _met(met: Meeting | None) -> str:
    if met is None:
        return "·"
    if met.rate is None:
        return NOTHING
    return f"{_shared(met.rate)} {met.wins}-{met.losses}-{met.ties + met.identical}"


def _bads(row: BoardRow) -> str:
    return percent(row.bads.rate) if row.bads and row.standing.bad else NOTHING


def _passed(row: BoardRow) -> str:
    return f"{_shared(row.passed.rate)} of {row.passed.good + row.passed.bad}" if row.passed else NOTHING


def _shared(share: Share) -> str:
    return f"{percent(share.rate)} ({share.low * 100:.0f}–{share.high * 100:.0f})"


def _ends(low: float, high: float) -> str:
    return f"{low * 100:.0f} – {high * 100:.0f}"


def _letter(place: int) -> str:
    """Return a short name for a column: A to Z, then A2 to Z2, and so on."""
    again, letter = divmod(place, len(ascii_uppercase))
    return f"{ascii_uppercase[letter]}{again + 1 if again else ''}"


def print_heading(text: str) -> None:
    """Print a blank line and the name of what follows."""
    print_text()
    print_text(text, bold=True)
