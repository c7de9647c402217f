"""Which items two sequences have in common, in order: bounded in time whatever they hold.

Items that occur once on both sides are anchors, as in B. Cohen's patience diff; what lies between two anchors
goes to E. W. Myers, An O(ND) difference algorithm and its variations, Algorithmica 1 (1986). A budget of
steps bounds both: where it is spent, what is left counts as replaced, which is correct and only less fine.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

Block = tuple[int, int, int]
"""Where a run of equal items begins on the left and on the right, and how long it is."""


@dataclass
class Budget:
    """Steps that may still be taken."""

    steps: int

    def spend(self, steps: int) -> bool:
        """Take steps; returns whether there were that many left. Once there are not, none are."""
        self.steps = self.steps - steps if steps <= self.steps else 0
        return self.steps > 0


def matching(before: Sequence[Hashable], after: Sequence[Hashable], budget: Budget) -> list[Block]:
    """Return the runs of equal items, in order, without overlap; adjacent ones are joined."""
    found: list[Block] = []
    waiting = [(0, len(before), 0, len(after))]
    while waiting:  # a stack and not recursion, which a long text would exhaust
        low, high, start, end = waiting.pop()
        head = _equal_head(before, after, low, high, start, end)
        if head:
            found.append((low, start, head))
            low, start = low + head, start + head
        while low < high and start < end and before[high - 1] == after[end - 1]:
            high, end = high - 1, end - 1
            found.append((high, end, 1))
        if low == high or start == end or not budget.spend(high - low + end - start):
            continue
        anchors = _anchors(before, after, low, high, start, end)
        if not anchors:
            found += _myers(before, after, (low, high, start, end), budget)
            continue
        for left, right in anchors:
            found.append((left, right, 1))
            waiting.append((low, left, start, right))
            low, start = left + 1, right + 1
        waiting.append((low, high, start, end))
    return list(_joined(sorted(found)))


def _equal_head(
    before: Sequence[Hashable], after: Sequence[Hashable], low: int, high: int, start: int, end: int
) -> int:
    most = min(high - low, end - start)
    return next((at for at in range(most) if before[low + at] != after[start + at]), most)


def _anchors(
    before: Sequence[Hashable], after: Sequence[Hashable], low: int, high: int, start: int, end: int
) -> list[tuple[int, int]]:
    """Return places of items that occur once on each side, as many as keep their order on both."""
    left = Counter(before[low:high])
    right = Counter(after[start:end])
    places = {item: at for at, item in enumerate(after[start:end], start) if right[item] == 1}
    pairs = [
        (at, places[item])
        for at, item in enumerate(before[low:high], low)
        if left[item] == 1 and item in places
    ]
    return _rising(pairs)


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest choice of pairs, already in order of the first, that is in order of the second."""
    ends: list[int] = []
    last: list[int] = []
    previous: list[int] = []
    for index, (_, right) in enumerate(pairs):
        pile = bisect_left(ends, right)
        previous.append(last[pile - 1] if pile else -1)
        ends[pile : pile + 1] = [right]
        last[pile : pile + 1] = [index]
    chosen: list[tuple[int, int]] = []
    index = last[-1] if last else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = previous[index]
    return chosen[::-1]


def _myers(
    before: Sequence[Hashable], after: Sequence[Hashable], part: tuple[int, int, int, int], budget: Budget
) -> list[Block]:
    """Return the longest common subsequence of a part, or nothing where the budget does not suffice."""
    low, high, start, end = part
    common = set(before[low:high]).intersection(after[start:end])
    # What the other side does not hold at all cannot match, and is most of a rewritten text.
    lefts = [at for at in range(low, high) if before[at] in common]
    rights = [at for at in range(start, end) if after[at] in common]
    path = _shortest_edit([before[at] for at in lefts], [after[at] for at in rights], budget)
    return [(lefts[x], rights[y], 1) for x, y in path]


def _shortest_edit(
    before: Sequence[Hashable], after: Sequence[Hashable], budget: Budget
) -> list[tuple[int, int]]:
    """Return the places of equal items on a shortest way from one sequence to the other."""
    n, m = len(before), len(after)
    middle = n + m + 1
    furthest = [0] * (2 * middle + 1)  # by diagonal, x - y, counted from the middle
    trace: list[list[int]] = []
    for edits in range(n + m + 1):
        trace.append(furthest[middle - edits - 1 : middle + edits + 2])
        steps = 0
        for diagonal in range(-edits, edits + 1, 2):
            at = middle + diagonal
            down = _goes_down(furthest, at, diagonal, edits)
            x = begun = furthest[at + 1] if down else furthest[at - 1] + 1
            y = x - diagonal
            while x < n and y < m and before[x] == after[y]:
                x, y = x + 1, y + 1
            furthest[at] = x
            steps += 1 + x - begun
            if x >= n and y >= m:
                return _walked_back(trace, n, m)
        if not budget.spend(steps):
            return []
    return []


def _goes_down(furthest: Sequence[int], at: int, diagonal: int, edits: int) -> bool:
    """Return whether a diagonal is best reached by inserting, and not by deleting."""
    return diagonal == -edits or (diagonal != edits and furthest[at - 1] < furthest[at + 1])


def _walked_back(trace: Sequence[Sequence[int]], x: int, y: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], x - y
        at = diagonal + edits + 1
        came_from = at + 1 if _goes_down(furthest, at, diagonal, edits) else at - 1
        old_x = furthest[came_from]
        old_y = old_x - (came_from - edits - 1)
        while x > old_x and y > old_y and x > 0:
            x, y = x - 1, y - 1
            found.append((x, y))
        x, y = old_x, old_y
    return found[::-1]


def _joined(blocks: Sequence[Block]) -> Iterator[Block]:
    current: Block | None = None
    for block in blocks:
        if current and (current[0] + current[2], current[1] + current[2]) == block[:2]:
            current = (*current[:2], current[2] + block[2])
            continue
        if current:
            yield current
        current = block
    if current:
        yield current
