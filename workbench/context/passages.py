"""What repeats itself in a context, though nobody wrote it so."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Hashable, Iterator
from itertools import pairwise
from operator import itemgetter

from jinja2 import nodes

from workbench.context.findings import Finding
from workbench.context.messages import Context, Origin, Segment
from workbench.context.repeats import LEAST, Repeat, Stretch, beginning, repeats, words_of
from workbench.context.sources import example_messages, tree_of
from workbench.prompts.tree import partial_path
from workbench.prompts.version import Version

_QUOTED = 6  # words of a passage that its finding quotes


def repeated(version: Version, context: Context) -> Iterator[Finding]:
    """Yield a finding for each passage of 12 words or more that stands in two places of a context.

    What was written once and is put out many times, by a loop or in the pairs of the examples, is none; nor
    is what an input, a document or an example repeats within itself.
    """
    reading = _Reading(version, context)
    for repeat in repeats(reading.groups):
        if not reading.says_one_thing(repeat):
            yield reading.finding(repeat)


class _Reading:
    """A context as stretches of text that may repeat each other, a group wherever they follow on."""

    def __init__(self, version: Version, context: Context) -> None:
        self._version = version
        self._context = context
        self._twice = _included_twice(version)
        self._times: Counter[Hashable] = Counter()
        self._stretches: list[Stretch] = []
        self._at: list[tuple[int, int, Segment]] = []
        self._known: set[tuple[Hashable, str]] = set()
        self.groups: list[list[Stretch]] = []
        pairs = example_messages(version, context)
        for message in range(len(context.messages)):
            self._break()
            self._read(message, in_pair=message in pairs)

    def says_one_thing(self, repeat: Repeat) -> bool:
        """Return whether a passage is but a word or two over and over, as in “0 0 0 1 0 …”."""
        message, offset, _ = self._place(repeat.second)
        return len(set(words_of(self._context.messages[message].content[offset : offset + 400])[:LEAST])) <= 2

    def finding(self, repeat: Repeat) -> Finding:
        """Return a repeat as a finding."""
        message, offset, second = self._place(repeat.second)
        first_message, first_offset, first = self._place(repeat.first)
        quoted = beginning(self._context.messages[message].content[offset : offset + 200], _QUOTED)
        here = self._named(first_message, first_offset, first)
        there = self._named(message, offset, second)
        return Finding(
            "repeat",
            f"{repeat.words} words, “{quoted} …”, stand {here} and again {there}: keep one of them",
            self._context.written_at(message, offset) or second.place,
            (message, offset),
        )

    def _read(self, message: int, in_pair: bool) -> None:
        for segment in self._context.segments[message]:
            if segment.origin is Origin.ENGINE or (in_pair and segment.origin is not Origin.EXAMPLE):
                self._break()
            elif segment.origin.is_own:
                for start, end in self._pieces(message, segment):
                    self._add(message, segment, start, end)
            else:
                self._add(message, segment, segment.start, segment.end)

    def _pieces(self, message: int, segment: Segment) -> Iterator[tuple[int, int]]:
        """Yield the pieces of a segment that were each written in one place."""
        written = self._context.written[message] if self._context.written else ()
        first = bisect_right(written, segment.start, key=itemgetter(0))
        last = bisect_left(written, segment.end, key=itemgetter(0))
        bounds = [segment.start, *(at for at, _ in written[first:last]), segment.end]
        yield from pairwise(bounds)

    def _add(self, message: int, segment: Segment, start: int, end: int) -> None:
        text = self._context.messages[message].content[start:end]
        written = self._written(message, segment, start)
        if (written, text) in self._known:
            self._break()  # it stands for all of its kind, so that a loop over much is little work
            return
        self._known.add((written, text))
        self._stretches.append(Stretch(text, written, alone=not segment.origin.is_own))
        self._at.append((message, start, segment))
        self.groups[-1].append(self._stretches[-1])

    def _break(self) -> None:
        if not self.groups or self.groups[-1]:
            self.groups.append([])

    def _written(self, message: int, segment: Segment, start: int) -> Hashable:
        """Return what tells whether two stretches are the same text of a template, put out twice."""
        place = self._context.written_at(message, start) or segment.place
        if place is None:
            return message, start
        declared = self._version.prompt.inputs.get(segment.name)
        if segment.origin is Origin.INPUT and declared and declared.kind == "turns":
            return place, message  # each turn is a text of its own
        if place.path in self._twice:
            self._times[place] += 1
            return place, self._times[place]
        return place

    def _place(self, at: tuple[int, int]) -> tuple[int, int, Segment]:
        number, offset = at
        message, start, segment = self._at[number]
        return message, start + offset, segment

    def _named(self, message: int, offset: int, segment: Segment) -> str:
        if segment.origin.is_own:
            return f"at {self._context.written_at(message, offset) or segment.place}"
        if segment.origin is Origin.EXAMPLE:
            return f"in {'' if segment.name.isdecimal() else 'the '}{segment.called}"
        return f"in the {segment.origin} “{segment.name}”"


def _included_twice(version: Version) -> frozenset[str]:
    """Return the paths of the partials that two or more statements include, none of them in a loop.

    One that stands twice in a context then stands there because it was written so.
    """
    sources = {"": version.prompt.template, **version.partials}
    if sum(source.count("include") for source in sources.values()) <= 1:  # most often, and parsing takes long
        return frozenset()
    trees = {name: tree_of(source) for name, source in sources.items()}
    times = Counter(name for tree in trees.values() for name in _included(tree))
    again = {name for name, tree in trees.items() if tree.find(nodes.For) is not None}
    waiting: list[nodes.Node] = [node for tree in trees.values() for node in tree.find_all(_REPEATING)]
    while waiting:
        new = {name for name in _included(waiting.pop()) if name in trees and name not in again}
        again |= new
        waiting.extend(trees[name] for name in new)
    return frozenset(partial_path(name) for name, count in times.items() if count > 1 and name not in again)


def _included(node: nodes.Node) -> list[str]:
    return [
        include.template.value
        for include in node.find_all(nodes.Include)
        if isinstance(include.template, nodes.Const)
    ]


_REPEATING = (nodes.For, nodes.Macro, nodes.CallBlock)
"""What may put out what is in it more than once."""
