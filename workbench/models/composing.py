"""How a context becomes the tokens of the embedded model, each with its place and its meaning.

The contents of messages are kept from the chat template, which sees a mark in the place of each, and are put
into its text afterwards: nothing in them can act on it. Where the text of a control token stands in a
content, contents are tokenized apart from the template, as plain text, so that it cannot act on the model
either.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from itertools import chain, pairwise, zip_longest
from typing import NamedTuple, Protocol

from workbench.context.messages import Message
from workbench.errors import CallError
from workbench.models.composed import Composed


class Token(NamedTuple):
    """A token's number, and the bytes it stands for."""

    number: int
    piece: bytes


class Tokenizer(Protocol):
    """What composing needs of an engine."""

    async def template(self, messages: Sequence[Message]) -> str:
        """Return the chat template's text for these messages, ready for the model to go on."""
        ...

    async def tokens(self, text: str, *, special: bool, first: bool = False) -> list[Token]:
        """Return the tokens of a text.

        Where ``special``, control tokens in it act; where ``first``, what the model wants before all else is
        added.
        """
        ...


class _Placed(NamedTuple):
    token: Token
    offset: int
    control: bool


class Composer:
    """Composes prompts for one engine, and remembers which of its tokens control it."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._control: dict[Token, bool] = {}

    async def compose(self, messages: Sequence[Message]) -> Composed:
        """Return exactly the tokens to send for these messages, and where they lie.

        Raises CallError where the template does not take these messages, or a content is not valid Unicode.
        """
        contents = [message.content for message in messages]
        _check_encodable(contents)
        marks = [f"content{secrets.token_hex(16)}" for _ in messages]
        skeleton = await self._tokenizer.template(
            [Message(message.role, mark) for message, mark in zip(messages, marks, strict=True)]
        )
        around = split_at(skeleton, marks)
        prompt = "".join(chain.from_iterable(zip_longest(around, contents, fillvalue="")))
        ranges = byte_ranges(around, contents)
        placed = await self._placed(prompt, first=True)
        if any(token.control and _touches(token, ranges) for token in placed):
            placed = await self._placed_apart(around, contents)
        return Composed(
            ids=tuple(token.token.number for token in placed),
            offsets=tuple(token.offset for token in placed),
            prompt=prompt,
            contents=ranges,
            control=tuple(token.control for token in placed),
        )

    async def _placed(self, text: str, *, first: bool, start: int = 0) -> list[_Placed]:
        """Return the tokens of a text in which control tokens act."""
        tokens, plain = await asyncio.gather(
            self._tokenizer.tokens(text, special=True, first=first),
            self._tokenizer.tokens(text, special=False),
        )
        # In a thread: of a long context there are thousands, and the screen must not wait for them.
        offsets, acting = await asyncio.to_thread(_acting, text.encode(), tokens, plain)
        control = {token: await self._is_control(token) for token in {tokens[at] for at in acting}}
        return [
            _Placed(token, start + offset, at in acting and control[token])
            for at, (token, offset) in enumerate(zip(tokens, offsets, strict=True))
        ]

    async def _placed_apart(self, around: Sequence[str], contents: Sequence[str]) -> list[_Placed]:
        """Return the tokens of a prompt whose contents hold the text of control tokens."""
        placed: list[_Placed] = []
        at = 0
        for before, content in zip_longest(around, contents, fillvalue=""):
            placed += await self._placed(before, first=at == 0, start=at)
            at += len(before.encode())
            tokens = await self._tokenizer.tokens(content, special=False)
            offsets = await asyncio.to_thread(offsets_of, content.encode(), tokens)
            placed += [
                _Placed(token, at + offset, False) for token, offset in zip(tokens, offsets, strict=True)
            ]
            at += len(content.encode())
        return placed

    async def _is_control(self, token: Token) -> bool:
        """Return whether a token is one that its own text means only where control tokens may act."""
        if token not in self._control:
            text = token.piece.decode("utf-8", "replace")
            acting = await self._tokenizer.tokens(text, special=True)
            inert = await self._tokenizer.tokens(text, special=False)
            self._control[token] = acting == [token] and inert != [token]
        return self._control[token]


def split_at(skeleton: str, marks: Sequence[str]) -> list[str]:
    """Return the texts of a chat template around the marks that stand for the messages' contents.

    Raises CallError where the template leaves a message out, repeats one, or changes their order: nobody
    could then say where in the prompt a content lies.
    """
    places = [skeleton.find(mark) for mark in marks]
    whole = all(skeleton.count(mark) == 1 for mark in marks)
    if not whole or any(before >= after for before, after in pairwise(places)):
        raise CallError(
            "this model's chat template leaves out, repeats or reorders messages of this context",
            kind="request",
            retriable=False,
        )
    edges = [0]
    for place, mark in zip(places, marks, strict=True):
        edges += (place, place + len(mark))
    edges.append(len(skeleton))
    return [skeleton[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2)]


def byte_ranges(around: Sequence[str], contents: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return where each content lies, in bytes, when it is put between the texts around it."""
    ranges = []
    at = 0
    for before, content in zip(around, contents, strict=False):
        start = at + len(before.encode())
        at = start + len(content.encode())
        ranges.append((start, at))
    return tuple(ranges)


def offsets_of(prompt: bytes, tokens: Sequence[Token]) -> list[int]:
    """Return the byte where each token begins.

    Most tokenizers give pieces that make up the prompt exactly. Some add a space at the start, put a token
    before everything, or swallow space beside control tokens: such a token stands where the one before it
    ended.
    """
    offsets = []
    at = 0
    for token in tokens:
        piece = token.piece
        found = at if prompt.startswith(piece, at) else prompt.find(piece, at, at + len(piece) + 8)
        if found < 0 and piece.startswith(b" ") and prompt.startswith(piece[1:], at):
            found, piece = at, piece[1:]
        offsets.append(max(found, at))
        at = max(found + len(piece), at) if found >= 0 else at
    return offsets


def _acting(prompt: bytes, tokens: Sequence[Token], plain: Sequence[Token]) -> tuple[list[int], set[int]]:
    """Return the byte where each token begins, and which of them may be control tokens.

    Only one that is absent from the ``plain`` tokens, among which nothing acts, can be one that acts.
    """
    offsets = offsets_of(prompt, tokens)
    inert = set(zip(plain, offsets_of(prompt, plain), strict=True))
    return offsets, {at for at, placed in enumerate(zip(tokens, offsets, strict=True)) if placed not in inert}


def _touches(placed: _Placed, ranges: Sequence[tuple[int, int]]) -> bool:
    end = placed.offset + len(placed.token.piece)
    return any(placed.offset < stop and end > start for start, stop in ranges)


def _check_encodable(contents: Sequence[str]) -> None:
    for content in contents:
        try:
            content.encode()
        except UnicodeEncodeError as error:
            message = f"a message holds a lone surrogate at character {error.start}"
            raise CallError(message, kind="request", retriable=False) from error
