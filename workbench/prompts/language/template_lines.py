"""How a line of a template reads: Jinja2 over Markdown, and role lines."""

from __future__ import annotations

import re

from workbench.prompts.format import ROLES
from workbench.prompts.language.stretches import Kind, State, Stretch

MAX_STYLED = 4_000
"""Characters of a line in which Markdown is looked for: no person reads further, and some lines never end."""

_ROLE = re.compile(rf"(\\?)(?:{'|'.join(ROLES)}):")
_OPENER = re.compile(r"\{\{[-+]?|\{%[-+]?|\{#[-+]?")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_ENDRAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_CLOSES = {"{{": "}}", "{%": "%}", "{#": "#}"}
_TOKEN = re.compile(
    r"""(?P<close>[-+]?(?:\}\}|%\}))|(?P<begin>\{\{|\{[%#])|(?P<open>\{)|(?P<shut>\})"""
    r"""|(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<quote>["'])"""
    r"""|(?P<number>\d[\d_.]*)|(?P<filter>\|\s*(?=[^\W\d]))|(?P<attribute>\.[^\W\d]\w*)|(?P<name>[^\W\d]\w*)"""
)
_WORDS = frozenset(
    "and or not in is if else elif recursive ignore missing with without context import as true false none"
    " True False None".split()
)
_STANDS_FOR_JINJA = "\ue000"  # so that Markdown around an expression is seen: *{{ word }}*


def lex_template(line: str, state: State) -> tuple[tuple[Stretch, ...], State]:
    """Return the stretches of a line of a template, and the state it ends in."""
    if state.closes in ("}}", "%}") and (not line.strip() or _ROLE.fullmatch(line)):
        state = state._replace(
            closes="", quote="", depth=0
        )  # a forgotten end spoils no more than a paragraph
    role = _ROLE.fullmatch(line) if state.closes in ("", "endraw") else None
    if role is not None:
        stretch = Stretch(0, 1, Kind.ESCAPE) if role[1] else Stretch(0, len(line), Kind.ROLE)
        return (stretch,), state if role[1] else state._replace(listing="")
    found: list[Stretch] = []
    covered: list[tuple[int, int]] = []
    after = state
    if state.closes or "{" in line:
        after = _jinja(line, state, found, covered)
    text = line[:MAX_STYLED]
    for start, end in reversed(covered):
        text = text[:start] + _STANDS_FOR_JINJA * (min(end, len(text)) - start) + text[end:]
    markdown, listing = _markdown(text, state.listing)
    return (*markdown, *found), after._replace(listing=listing)


def _jinja(line: str, state: State, found: list[Stretch], covered: list[tuple[int, int]]) -> State:
    """Add the stretches of all template code in a line, and what of the line it covers."""
    position, begun = 0, 0
    while True:
        if not state.closes:
            opener = _OPENER.search(line, position)
            if opener is None:
                return state
            begun = opener.start()
            if raw := _RAW.match(line, begun):
                found += (Stretch(begun, raw.end(), Kind.KEYWORD),)
                covered.append((begun, raw.end()))
                position = raw.end()
                state = state._replace(closes="endraw")
                continue
            if not opener[0].startswith("{#"):
                found.append(Stretch(begun, opener.end(), Kind.DELIMITER))
            position = opener.end()
            state = state._replace(closes=_CLOSES[opener[0][:2]])
        if state.closes == "endraw":
            end = _ENDRAW.search(line, position)
            if end is None:
                return state
            found.append(Stretch(end.start(), end.end(), Kind.KEYWORD))
            covered.append((end.start(), end.end()))
            position, state = end.end(), state._replace(closes="")
            continue
        position, state = (
            _comment(line, begun, state, found)
            if state.closes == "#}"
            else _code(line, position, state, found)
        )
        covered.append((begun, position))
        begun = position
        if state.closes:
            return state


def _comment(line: str, begun: int, state: State, found: list[Stretch]) -> tuple[int, State]:
    end = line.find("#}", begun)
    stop = len(line) if end < 0 else end + 2
    found.append(Stretch(begun, stop, Kind.COMMENT))
    return stop, state if end < 0 else state._replace(closes="")


def _code(line: str, position: int, state: State, found: list[Stretch]) -> tuple[int, State]:
    """Add the stretches of an expression or a statement up to its end, or the end of the line."""
    before = "statement" if found and found[-1].kind is Kind.DELIMITER and state.closes == "%}" else ""
    if state.quote:
        position, state = _rest_of_string(line, position, state, found)
    while token := _TOKEN.search(line, position):
        what, start, position = token.lastgroup, token.start(), token.end()
        if what == "begin" and not (state.depth and token[0] == "{{"):
            return start, state._replace(closes="", depth=0)  # the end was forgotten, or is not yet typed
        if what == "begin":
            position, what = start + 1, "open"
        if what == "close" and not state.depth:
            if token[0][-2:] != state.closes:
                continue
            found.append(Stretch(start, position, Kind.DELIMITER))
            return position, state._replace(closes="")
        if what == "close" and token[0][-2:] == "}}":
            position, what = start + len(token[0]) - 1, "shut"
        if what == "quote":
            found.append(Stretch(start, len(line), Kind.STRING))
            return len(line), state._replace(quote=token[0])
        if what in ("open", "shut"):
            state = state._replace(depth=max(0, state.depth + (1 if what == "open" else -1)))
        elif kind := _kind(what or "", token[0], before):
            found.append(Stretch(start, position, kind))
        before = what if what == "filter" else token[0]
    return len(line), state


def _kind(what: str, text: str, before: str) -> Kind | None:
    if what == "string":
        return Kind.STRING
    if what == "number":
        return Kind.NUMBER
    if what != "name":
        return None
    if before == "statement" or (text in _WORDS and before != "filter"):
        return Kind.KEYWORD
    return Kind.FILTER if before in ("filter", "is") else Kind.NAME


def _rest_of_string(line: str, position: int, state: State, found: list[Stretch]) -> tuple[int, State]:
    end = re.compile(rf"(?:\\.|[^\\{state.quote}])*{state.quote}").match(line, position)
    stop = end.end() if end else len(line)
    found.append(Stretch(position, stop, Kind.STRING))
    return stop, state._replace(quote="") if end else state


_LISTING = re.compile(r" {0,3}(`{3,}(?!.*`)|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:\s|$)")
_RULE = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*$")
_LIST = re.compile(r"\s*((?:[-*+]|\d{1,9}[.)])(?=\s))")
_QUOTED = re.compile(r"\s*(>)")
_INLINE_SIGN = re.compile(r"[`*_<\[]")
# Bounded, so that a line full of stars costs no more than its length.
_INLINE = re.compile(
    r"(?P<code>(?P<ticks>`{1,9})(?!`).{1,300}?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<comment><!--.{0,300}?-->)"
    r"|(?P<tag></?[^\W\d][\w.:-]*(?:\s[^<>]{0,300})?/?>)"
    r"|(?P<strong>(?P<two>\*\*|__)(?=\S).{1,300}?(?<=\S)(?P=two))"
    r"|(?P<emphasis>(?<![\w*])(?P<one>\*|_)(?=[^\s*_]).{1,300}?(?<=[^\s*_])(?P=one)(?![\w*]))"
    r"|(?P<link>\[[^\[\]]{0,300}\]\([^()\s]{0,300}\))"
)


def _markdown(line: str, listing: str) -> tuple[list[Stretch], str]:
    """Return the stretches of Markdown, and the fence of the listing that goes on after the line."""
    if listing:
        closed = line.strip() and not line.strip().strip(listing[0]) and len(line.strip()) >= len(listing)
        return [Stretch(0, len(line), Kind.CODE)], "" if closed else listing
    if fence := _LISTING.match(line):
        return [Stretch(0, len(line), Kind.CODE)], fence[1]
    found = []
    if _RULE.match(line):
        return [Stretch(0, len(line), Kind.FENCE)], ""
    if _HEADING.match(line):
        found.append(Stretch(0, len(line), Kind.HEADING))
    elif item := _LIST.match(line):
        found.append(Stretch(item.start(1), item.end(1), Kind.LIST))
    elif quoted := _QUOTED.match(line):
        found.append(Stretch(quoted.start(1), quoted.end(1), Kind.QUOTE))
    if _INLINE_SIGN.search(line):
        found += (
            Stretch(match.start(), match.end(), Kind(kind))
            for match in _INLINE.finditer(line)
            if (kind := _inline_kind(match))
        )
    return found, ""


def _inline_kind(match: re.Match[str]) -> str | None:
    kinds = (Kind.CODE, Kind.COMMENT, Kind.TAG, Kind.STRONG, Kind.EMPHASIS, Kind.LINK)
    return next((kind for kind in kinds if match[kind] is not None), None)
