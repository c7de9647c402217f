"""XML tags that the template or its partials open and that nothing closes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from workbench.context.findings import Finding
from workbench.context.long_texts import Remembered
from workbench.context.messages import Context
from workbench.context.sources import example_messages
from workbench.prompts.version import Version

_VALUE = "\ue000"
"""Stands for what an expression put out."""

_NAME = r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?"
_ATTRIBUTES = rf"""(?:\s+[\w:.{_VALUE}-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*"""
_TAG = re.compile(
    rf"""<(?:/(?P<closed>{_NAME})\s*>
           | (?<!\w<)(?P<opened>{_NAME})(?P<attributes>{_ATTRIBUTES})\s*(?P<empty>/?)>)""",
    re.VERBOSE,
)

# Markdown's code, and what XML itself says is not to be read. Each takes time in proportion to the text: a
# fence begins where its run does, and its line is read no further than to the next run.
_UNREAD = (
    re.compile(r"(?<!`)```+[^\n`]*\n.*?(?:^[ \t]*```+[ \t]*$|\Z)", re.DOTALL | re.MULTILINE),
    re.compile(r"(?<!~)~~~+[^\n~]*\n.*?(?:^[ \t]*~~~+[ \t]*$|\Z)", re.DOTALL | re.MULTILINE),
    re.compile(r"``[^\n]+?``|`[^`\n]+`"),
    re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)", re.DOTALL),
)

_VOID = frozenset({"br", "hr", "img", "wbr"})
_VOID_WITH_ATTRIBUTES = frozenset(
    {"area", "base", "col", "embed", "input", "link", "meta", "param", "source", "track"}
)
"""Elements of HTML that nothing closes; many prompts have a tag of their own named ``<input>``."""

# “Answer in <answer> tags”, “inside the <plan> and <answer> tags”: spoken of, not opened.
_SPOKEN_OF = re.compile(
    rf"""(?:[ \t]*(?:,|/|&|\band\b|\bor\b)+[ \t]*</?{_NAME}>){{0,8}}
         [ \t]*(?:XML[ ]|HTML[ ])?(?:tags?|elements?|blocks?|sections?)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W\d_]")
_QUOTES = {'"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "(": ")"}


@dataclass(frozen=True)
class _Tag:
    """A tag at an offset; ``mid_line`` says that it stands amid prose, and may only be spoken of."""

    name: str
    offset: int
    closes: bool = False
    mid_line: bool = False


def unclosed(version: Version, context: Context) -> Iterator[Finding]:
    """Yield a finding for each tag that the template or a partial opens and that none of them closes.

    It may be closed in another file, and in another message. Those of a prefill are left to the model.
    """
    pairs = example_messages(version, context)
    left: dict[str, list[tuple[int, _Tag]]] = {}
    structure: set[str] = set()
    closed: set[str] = set()
    texts = [_own_text(context, message) for message in range(len(context.messages))]
    for message, (text, _) in enumerate(texts):
        for tag in _TAGS(text):
            opened = left.setdefault(tag.name, [])
            if not tag.closes:
                opened.append((message, tag))
                continue
            closed.add(tag.name)
            if opened:
                opened.pop()
                structure.add(tag.name)
    told = set()
    for name, opened in left.items():
        # Amid prose stand the names of tags that are elsewhere, and placeholders: “Reply as <name>, <email>”.
        forgiven = name in structure or name not in closed or any(not tag.mid_line for _, tag in opened)
        for message, tag in opened:
            answer = context.messages[message].role == "assistant"
            if (answer and (message in pairs or message == len(texts) - 1)) or (forgiven and tag.mid_line):
                continue
            at = message, _offset(texts[message][1], tag.offset)
            place = context.written_at(*at)
            if (place, name) not in told:
                told.add((place, name))
                advice = f"add </{name}>, or put it in backticks where it is only mentioned"
                yield Finding("unclosed-tag", f"<{name}> is opened and never closed: {advice}", place, at)


def _own_text(context: Context, message: int) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of the template and partials in a message, and which offsets there are which here.

    Each value that stands between is one character, whatever its length.
    """
    content = context.messages[message].content
    parts: list[str] = []
    offsets: list[tuple[int, int]] = []
    length = 0
    for segment in context.segments[message]:
        parts.append(content[segment.start : segment.end] if segment.origin.is_own else _VALUE)
        offsets.append((length, segment.start))
        length += len(parts[-1])
    return "".join(parts), offsets


def _offset(offsets: list[tuple[int, int]], at: int) -> int:
    start, real = offsets[bisect_right(offsets, at, key=itemgetter(0)) - 1]
    return real + at - start


def _tags(text: str) -> tuple[_Tag, ...]:
    if "<" not in text:
        return ()
    for unread in _UNREAD:
        text = unread.sub(lambda match: " " * len(match[0]), text)
    found: list[_Tag] = []
    end, prose = 0, False
    for match in _TAG.finditer(text):
        *lines, line = text[end : match.start()].split("\n")
        prose = (prose and not lines) or _LETTER.search(line) is not None
        end = match.end()
        if (tag := _tag(text, match, prose)) is not None:
            found.append(tag)
    return tuple(found)


def _tag(text: str, match: re.Match[str], prose: bool) -> _Tag | None:
    """Return a tag that opens or closes something, or None for one that does neither.

    ``prose`` says that there are words before it on its line.
    """
    if match["closed"]:
        return _Tag(match["closed"], match.start(), closes=True)
    name, lower = match["opened"], match["opened"].lower()
    void = lower in _VOID or (lower in _VOID_WITH_ATTRIBUTES and match["attributes"].strip())
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    quoted = bool(after) and _QUOTES.get(before) == after
    if match["empty"] or void or quoted or _SPOKEN_OF.match(text, match.end()):
        return None
    return _Tag(name, match.start(), mid_line=prose and after != _VALUE)


_TAGS: Remembered[tuple[_Tag, ...]] = Remembered(_tags)
