"""A hand-written YAML list of mappings, edited in place: only what changes is written anew.

Where each value begins and ends is read from the file, so comments, order, quotes and indentation of
everything else stay as they are. Nothing here is trusted: whoever edits reads the result again and compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import CasesError, Place
from workbench.project.yaml import Value
from workbench.project.yaml_nodes import BLOCK, Node, compose
from workbench.project.yaml_writing import NARROW, after_colon, entries, entry, inline, pair


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


def changed(text: str, path: str, index: int, old: Mapping[str, Value], new: Mapping[str, Value]) -> str:
    """Return the text with the mapping at an index of its list changed from one value to another.

    Raises CasesError with file and line where that would touch more than the change.
    """
    return _Editor(text, path).change(index, old, new)


def added(text: str, path: str, mappings: Sequence[Mapping[str, Value]]) -> str:
    """Return the text with mappings put at the end of its list, in the style of the last one there."""
    return _Editor(text, path).add(mappings)


def removed(text: str, path: str, index: int) -> str:
    """Return the text without the mapping at an index of its list."""
    return _Editor(text, path).remove(index)


def same(one: Value, other: Value) -> bool:
    """Return whether two values are the same as JSON: 1 is neither 1.0 nor true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


class _Editor:
    """One edit of one text."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        top = compose(text)
        self._top = top if top is not None and top.kind == "list" else None

    def change(self, index: int, old: Mapping[str, Value], new: Mapping[str, Value]) -> str:
        """Change one mapping of the list."""
        assert self._top is not None
        edits = list(self._changes(self._top.items[index], old, new, self._top.column, self._top.flow))
        return self._applied(edits)

    def add(self, mappings: Sequence[Mapping[str, Value]]) -> str:
        """Put mappings at the end of the list."""
        if self._top is None or (not self._top.items and self._top.column == 0):
            lines = [self._as_item(mapping, None, 0) for mapping in mappings]
            if self._top is not None:  # [] becomes a list with one case a line
                return self._applied([_Edit(self._top.start, self._top.end, "\n".join(lines))])
            gap = "" if not self._text or self._text.endswith("\n") else "\n"
            return f"{self._text}{gap}" + "\n".join(lines) + "\n"
        return self._add_to_flow(mappings) if self._top.flow else self._add_to_block(mappings)

    def remove(self, index: int) -> str:
        """Take one mapping out of the list."""
        assert self._top is not None
        items = self._top.items
        if self._top.flow:
            return self._applied([self._out_of_flow([(item, item) for item in items], index)])
        start, end = self._dash(index), self._after_own_comments(items[index].end)
        end = min(end + 1, len(self._text))
        gap = re.compile(r"([ \t]*\n)*").match(self._text, end)
        if index + 1 < len(items):
            end = gap.end() if gap else end
        elif not self._text[end:].strip():
            start = len(self._text[:start].rstrip()) + 1 if self._text[:start].strip() else start
        return self._text[: min(start, len(self._text))] + self._text[end:]

    # Adding.

    def _add_to_block(self, mappings: Sequence[Mapping[str, Value]]) -> str:
        assert self._top is not None
        items, column = self._top.items, self._top.column
        last = items[-1]
        apart = len(items) > 1 and "\n\n" in self._text[items[-2].end : last.start]
        lines = [self._as_item(mapping, last, column) for mapping in mappings]
        end = self._after_own_comments(last.end)
        between = "\n\n" if apart else "\n"
        return self._applied([_Edit(end, end, "".join(f"{between}{' ' * column}{line}" for line in lines))])

    def _as_item(self, mapping: Mapping[str, Value], like: Node | None, column: int) -> str:
        short = "- " + inline(dict(mapping))
        lines = any(isinstance(value, str) and "\n" in value for value in mapping.get("inputs", {}).values())
        if like is not None and like.flow and column + len(short) <= NARROW and not lines:
            return short
        inner = like.column if like is not None and not like.flow and like.kind == "map" else column + 2
        return f"-{' ' * (inner - column - 1)}{entries(mapping, inner)}"

    def _add_to_flow(self, mappings: Sequence[Mapping[str, Value]]) -> str:
        assert self._top is not None
        written = [inline(dict(mapping)) for mapping in mappings]
        if not self._top.items:
            return self._applied([_Edit(self._top.start, self._top.end, f"[{', '.join(written)}]")])
        last, close = self._top.items[-1], self._top.end - 1
        comma = self._text[last.end : close].lstrip().startswith(",")
        indent = re.search(r"(?:^|\n)([ \t]*)\Z", self._text[: last.start])
        line_end = self._line_end(last.end)
        if indent is None or line_end > close:
            at = self._text.index(",", last.end) + 1 if comma else last.end
            return self._applied([_Edit(at, at, (" " if comma else ", ") + ", ".join(written))])
        edits = [] if comma else [_Edit(last.end, last.end, ",")]
        lines = f",\n{indent[1]}".join(written)
        edits.append(_Edit(line_end, line_end, f"\n{indent[1]}{lines}{',' if comma else ''}"))
        return self._applied(edits)

    # Changing.

    def _changes(self, node: Node, old: Value, new: Value, column: int, flow: bool) -> Iterator[_Edit]:
        """Yield the edits that make one value of another; ``column`` is where its key or its dash stands."""
        if same(old, new):
            return
        if node.kind == "alias":
            raise self._refused("an alias stands for this value", node)
        if node.kind == "map" and isinstance(new, dict) and old and new:
            yield from self._mapping_changes(node, old, new)
        elif node.kind == "list" and isinstance(new, list) and len(node.items) == len(new):
            inner = node.column
            for item, before, after in zip(node.items, old, new, strict=True):
                yield from self._changes(item, before, after, inner, node.flow or flow)
        else:
            yield self._replaced(node, new, column, flow)

    def _mapping_changes(
        self, node: Node, old: Mapping[str, Value], new: Mapping[str, Value]
    ) -> Iterator[_Edit]:
        places = {key.value: at for at, (key, _) in enumerate(node.pairs)}
        merged = [key for key in old if key not in places]
        if any(key in merged and not same(old[key], new.get(key)) for key in old):
            raise self._refused("a merge key (<<) gives this value", node)
        gone = [places[key] for key in old if key not in new]
        fresh = [key for key in new if key not in old]
        # One after the other, by whoever calls: two cuts side by side would overlap, and a mapping whose keys
        # all change must not be empty in between.
        gone = [] if fresh else gone[:1]
        for at, (key, value) in enumerate(node.pairs):
            if at not in gone and key.value in new and key.value in old:
                column = key.column if not node.flow else node.column
                yield from self._changes(value, old[key.value], new[key.value], column, node.flow)
        for at in gone:
            yield self._out_of_flow(node.pairs, at) if node.flow else self._out_of_block(node, at)
        if fresh:
            yield from self._with_keys(node, {key: new[key] for key in fresh})

    def _with_keys(self, node: Node, added: Mapping[str, Value]) -> Iterator[_Edit]:
        """Yield what puts keys into a mapping: a name in front, everything else at the end."""
        first, last = node.pairs[0][0], node.pairs[-1][1]
        for key, value in added.items():
            column = first.column
            if key == "name" and node.flow:
                yield _Edit(first.start, first.start, f"{pair(key, value)}, ")
            elif key == "name":
                yield _Edit(first.start, first.start, f"{entry(key, value, column)}\n{' ' * column}")
            elif node.flow:
                yield _Edit(last.end, last.end, f", {pair(key, value)}")
            else:
                end = self._line_end(last.end)
                yield _Edit(end, end, f"\n{' ' * column}{entry(key, value, column)}")

    def _replaced(self, node: Node, new: Value, column: int, flow: bool) -> _Edit:
        """Return what puts a new value in the place of another, whole."""
        inside = self._text[node.start : node.end]
        if node.kind in ("map", "list") and _holds_comment(node, self._text):
            raise self._refused("there are comments inside it, which would be lost", node)
        if flow:
            gap = "" if node.start == 0 or self._text[node.start - 1].isspace() else " "
            return _Edit(node.start, node.end, gap + inline(new, style=node.style))
        head, _, body = inside.partition("\n")
        block = node.style in BLOCK
        lines = [line for line in body.split("\n") if line.strip()] if block else []
        written = after_colon(
            new,
            column,
            style=node.style,
            indent=len(lines[0]) - len(lines[0].lstrip(" ")) if lines else 0,
            width=max(map(len, lines), default=0),
        )
        start, gap = self._gap_before(node)
        end = self._line_end(node.end)
        comment = re.sub(r"^[|>][0-9+-]*", "", head) if block else self._text[node.end : end]
        first, newline, rest = written.partition("\n")
        if "\n" not in gap and first and gap.strip(" ") == "":
            first = (gap or " ") + first[1:]  # keys whose values stand in a column keep it
        elif "#" in gap:
            start, first = node.start, first[1:]
        return _Edit(start, end, f"{first}{comment}{newline}{rest}")

    def _gap_before(self, node: Node) -> tuple[int, str]:
        """Return where the colon or the dash before a value ends, and what stands between."""
        start = node.start
        before = re.search(r"[:-]([ \t]*(?:#[^\n]*)?\n)*[ \t]*\Z", self._text[max(0, start - 2000) : start])
        gap = "" if before is None else before[0][1:]
        return start - len(gap), gap

    # Removing.

    def _out_of_flow(self, pairs: Sequence[tuple[Node, Node]], at: int) -> _Edit:
        start, end = pairs[at][0].start, pairs[at][1].end
        if at > 0:
            start = pairs[at - 1][1].end
        elif len(pairs) > 1:
            end = pairs[1][0].start
        around = self._text[start : pairs[at][0].start] + self._text[pairs[at][1].end : end]
        if "#" in around:
            raise self._refused("a comment stands beside it, which would be lost", pairs[at][0])
        return _Edit(start, end, "")

    def _out_of_block(self, node: Node, at: int) -> _Edit:
        key, value = node.pairs[at]
        end = self._line_end(value.end)
        if at > 0:
            start = self._text.rindex("\n", 0, key.start)
            if self._text[start : key.start].strip():
                raise self._refused("something else stands on its line", key)
            return _Edit(start, end, "")
        following = node.pairs[1][0].start
        if self._text[end:following].strip():
            raise self._refused("a comment stands below it, which would be lost", key)
        return _Edit(key.start, following, "")

    # Where things are.

    def _dash(self, index: int) -> int:
        """Return where the line of an item's dash begins."""
        assert self._top is not None
        at, column = self._top.items[index].start, self._top.column
        while True:
            start = self._text.rfind("\n", 0, at) + 1
            if self._text[start : start + column].strip() == "" and self._text[start + column] == "-":
                return start
            if start == 0:
                raise self._refused("its dash cannot be found", self._top.items[index])
            at = start - 1

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _after_own_comments(self, at: int) -> int:
        """Return the end of the line, and of the comments below it that are indented as an item's are."""
        assert self._top is not None
        own = re.compile(rf"(?:[ \t]*\n)*[ ]{{{self._top.column + 1},}}#[^\n]*")
        end = self._line_end(at)
        while found := own.match(self._text, end + 1):
            end = found.end()
        return end

    def _applied(self, edits: Sequence[_Edit]) -> str:
        pieces, at = [], 0
        for edit in sorted(edits, key=lambda edit: edit.start):
            pieces += [self._text[at : edit.start], edit.text]
            at = edit.end
        return "".join([*pieces, self._text[at:]])

    def _refused(self, why: str, node: Node) -> CasesError:
        return refusal(why, Place(self._path, node.line))


def refusal(why: str, place: Place) -> CasesError:
    """Return the error of an edit that cannot be made without harm."""
    return CasesError(
        f"cannot be changed from here: {why}", place=place, hint="Edit the file by hand; nothing was written."
    )


def _holds_comment(node: Node, text: str) -> bool:
    """Return whether a comment stands between the values of a collection."""
    at, between = node.start, ""
    for leaf in node.leaves():
        between += text[at : leaf.start] + "\0"
        at = max(at, leaf.end)
    return bool(re.search(r"(^|\s)#", between + text[at : node.end]))
