"""What stands where in a prompt file, line by line: YAML, Markdown, role lines and Jinja2 in one pass.

Each line is read on its own, from the state that the line before it ended in, so that an edit costs no more
than the lines whose state it changes. It is lenient: what is half typed is shown as far as it makes sense.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.prompts.language.front_lines import lex_yaml
from workbench.prompts.language.stretches import BODY, FRONT, START, Kind, Region, State, Stretch
from workbench.prompts.language.template_lines import lex_template


def lex(line: str, state: State) -> tuple[tuple[Stretch, ...], State]:
    """Return the stretches of a line that begins in a state, and the state it ends in."""
    dashes = state.region is not Region.BODY and line.rstrip() == "---"
    if state.region is Region.START:
        state = FRONT if dashes else BODY
    elif dashes:
        state = BODY
    if dashes:
        return (Stretch(0, 3, Kind.FENCE),), state
    if state.region is Region.FRONT:
        return lex_yaml(line, state)
    return lex_template(line, state)


def state_after(line: str, state: State) -> State:
    """Return the state that a line ends in, quickly for the many that change nothing."""
    if state == BODY and "{" not in line and "`" not in line and "~" not in line:
        return state
    return lex(line, state)[1]


class Source:
    """The lines of a text with their stretches, kept up to date edit by edit."""

    def __init__(self, first: State = START) -> None:
        self._first = first
        self._lines: list[str] = []
        self._states: list[State] = [first]
        self._found: list[tuple[Stretch, ...] | None] = []

    def update(self, lines: Sequence[str]) -> tuple[int, int] | None:
        """Take the lines as they are now; returns the first row that changed and how many rows were added.

        Returns None where nothing changed.
        """
        old, states = self._lines, self._states
        shorter = min(len(old), len(lines))
        first = next((row for row in range(shorter) if old[row] != lines[row]), shorter)
        same = 0  # lines at the end that are as they were
        while same < shorter - first and old[-1 - same] == lines[-1 - same]:
            same += 1
        added = len(lines) - len(old)
        if not added and first == shorter:
            return None
        fresh = [state := states[first]]
        row = first
        while row < len(lines):
            state = state_after(lines[row], state)
            row += 1
            fresh.append(state)
            if row >= len(lines) - same and states[row - added] == state:
                break
        self._states = states[:first] + fresh + states[row - added + 1 :]
        self._found = self._found[:first] + [None] * (row - first) + self._found[row - added :]
        self._lines = list(lines)
        return first, added

    def state(self, row: int) -> State:
        """Return the state in which a row begins."""
        return self._states[row]

    def stretches(self, row: int) -> tuple[Stretch, ...]:
        """Return the stretches of a row."""
        found = self._found[row]
        if found is None:
            found = self._found[row] = lex(self._lines[row], self._states[row])[0]
        return found
