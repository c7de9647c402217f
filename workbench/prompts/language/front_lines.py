"""How a line of front matter reads: keys, values, texts, numbers and comments of YAML."""

from __future__ import annotations

import re

from workbench.prompts.language.stretches import Kind, State, Stretch

_SPACE = re.compile(r"\s*")
_STRING = re.compile(r""""(?:\\.|[^"\\])*"|'(?:''|[^'])*'""")
_COLON = re.compile(r"\s*:(?=[\s,\[\]{}]|$)")
_BLOCK_TEXT = re.compile(r"[|>][-+\d]{0,2}\s*(?=#|$)")
_BLOCK_END = re.compile(r":(?=\s|$)|(?<=\s)#|$")
_FLOW_END = re.compile(r":(?=[\s,\[\]{}]|$)|(?<=\s)#|[,\[\]{}]|$")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*)?\.?\d+(?:[eE][-+]?\d+)?")
_LITERALS = frozenset("true True TRUE false False FALSE null Null NULL ~".split())
_REST = {'"': re.compile(r'(?:\\.|[^"\\])*"'), "'": re.compile(r"(?:''|[^'])*'")}


def lex_yaml(line: str, state: State) -> tuple[tuple[Stretch, ...], State]:
    """Return the stretches of a line of front matter, and the state it ends in.

    Everything but spaces is covered, so that the stretches are all there is to know about the line.
    """
    indent = _indent(line)
    if state.block >= 0:
        if indent > state.block or indent == len(line):
            return (Stretch(0, len(line), Kind.STRING),), state
        state = state._replace(block=-1)
    found: list[Stretch] = []
    position = 0
    if state.quote:
        end = _REST[state.quote].match(line)
        position = end.end() if end else len(line)
        found.append(Stretch(0, position, Kind.STRING))
        if not end:
            return tuple(found), state
        state = state._replace(quote="")
    while (position := _indent(line, position)) < len(line):
        stretch, state = _token(line, position, state, indent)
        found.append(stretch)
        position = stretch.end
    return tuple(found), state


def _indent(line: str, position: int = 0) -> int:
    space = _SPACE.match(line, position)
    return space.end() if space else position


def _token(line: str, start: int, state: State, indent: int) -> tuple[Stretch, State]:
    sign, after = line[start], line[start + 1 : start + 2]
    if sign == "#" and (start == 0 or line[start - 1].isspace()):
        return Stretch(start, len(line), Kind.COMMENT), state
    if sign in "\"'":
        return _string(line, start, state)
    if sign in "[]{}," and (state.depth or sign in "[{"):
        depth = state.depth + (1 if sign in "[{" else -1 if sign in "]}" else 0)
        return Stretch(start, start + 1, Kind.PUNCTUATION), state._replace(depth=depth)
    alone = not after or after.isspace()
    if (sign == ":" and (alone or state.depth)) or (sign == "-" and alone and not state.depth):
        return Stretch(start, start + 1, Kind.PUNCTUATION if sign == ":" else Kind.LIST), state
    if not state.depth and _BLOCK_TEXT.match(line, start):
        return Stretch(start, start + 1, Kind.PUNCTUATION), state._replace(block=indent)
    return _plain(line, start, state), state


def _string(line: str, start: int, state: State) -> tuple[Stretch, State]:
    whole = _STRING.match(line, start)
    if whole is None:
        return Stretch(start, len(line), Kind.STRING), state._replace(quote=line[start])
    kind = Kind.KEY if _COLON.match(line, whole.end()) else Kind.STRING
    return Stretch(start, whole.end(), kind), state


def _plain(line: str, start: int, state: State) -> Stretch:
    """Return a word that stands for itself: a key, a number, or any text."""
    found = (_FLOW_END if state.depth else _BLOCK_END).search(line, start)
    stop = found.start() if found else len(line)
    end = start + max(1, len(line[start:stop].rstrip()))
    word = line[start:end]
    if found is not None and found[0] == ":":
        return Stretch(start, end, Kind.KEY)
    if word in _LITERALS:
        return Stretch(start, end, Kind.KEYWORD)
    return Stretch(start, end, Kind.NUMBER if _NUMBER.fullmatch(word) else Kind.VALUE)
