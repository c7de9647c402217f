"""The tree of prompts and partials: what there is, and how each of it stands."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment as Piece
from rich.style import Style
from textual.events import Click, MouseMove
from textual.message import Message
from textual.strip import Strip

from workbench.bench.shelving import State, urgent
from workbench.bench.shown import inert
from workbench.prompts.tree import PROMPTS, is_partial, prompt_name
from workbench.tui.commands import bindings_for
from workbench.tui.widgets.folding import FoldingTree

UNSAVED = "●"
"""Marks what has unsaved edits on the bench."""

HERE = "›"  # noqa: RUF001 - as before the case that is chosen


@dataclass(frozen=True)
class Row:
    """A row of the tree: a folder, a prompt or a partial; ``path`` is from the project's root."""

    path: str
    depth: int
    folder: bool
    partial: bool

    @property
    def name(self) -> str:
        """What the row is called: a prompt goes without its suffix."""
        name = posixpath.basename(self.path)
        return name if self.folder else name.removesuffix(".md")


class PromptTree(FoldingTree[Row]):
    """Shows prompts and partials in their folders. Only the rows in sight are drawn, of however many."""

    BINDINGS = [*bindings_for("bench", "prompts")]  # noqa: RUF012 - Textual's type
    COMPONENT_CLASSES = {  # noqa: RUF012 - Textual's type
        "prompt-tree--cursor",
        *(f"prompt-tree--{state.value}" for state in State),
    }
    DEFAULT_CSS = """
    PromptTree {
        overflow-x: hidden; scrollbar-gutter: stable;
        & > .prompt-tree--cursor { background: $block-cursor-blurred-background; text-style: bold; }
        &:focus > .prompt-tree--cursor {
            color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold;
        }
        & > .prompt-tree--conflicting, & > .prompt-tree--broken { color: $text-error; text-style: bold; }
        & > .prompt-tree--modified { color: $text-warning; }
        & > .prompt-tree--staged { color: $text-success; }
        & > .prompt-tree--untracked { color: $text-muted; }
    }
    """

    class Chosen(Message):
        """A prompt or a partial is to be opened; ``path`` is from the project's root."""

        def __init__(self, path: str) -> None:
            super().__init__()
            self.path = path

    def __init__(self, *, id: str = "prompts") -> None:
        super().__init__(id=id, classes="pane")
        self._paths: tuple[str, ...] = ()
        self._states: Mapping[str, State] = {}
        self._inside: Mapping[str, State] = {}
        self._unsaved: frozenset[str] = frozenset()
        self._why: Mapping[str, str] = {}
        self._opened: str | None = None
        self.folded: set[str] = set()
        """The paths of the folders that are closed."""

    def show(
        self,
        items: tuple[str, ...],
        states: Mapping[str, State],
        unsaved: Collection[str] = (),
        why: Mapping[str, str] | None = None,
    ) -> None:
        """Show prompts and partials by path, in place: cursor, folders and scroll stay where they are.

        ``states`` and ``unsaved`` go by the same paths; ``why`` says of what is broken what is wrong with it.
        """
        before = self._states, self._unsaved, self._why
        self._states, self._unsaved, self._why = dict(states), frozenset(unsaved), dict(why or {})
        if self._paths != items:
            self._paths = items
            self.border_subtitle = f"{sum(prompt_name(path) is not None for path in items):,}"
            self._lay_out()
        if before != (self._states, self._unsaved, self._why):  # seldom so, and it is asked at every key
            self._inside = _inside(states)
            self.refresh()

    @property
    def path(self) -> str | None:
        """The prompt or partial under the cursor; None on a folder, and where there is nothing."""
        row = self._line
        return None if row is None or row.folder else row.path

    @property
    def folder(self) -> str:
        """The folder that the cursor is on or in, from ``prompts/`` and with a slash; empty at the top."""
        row = self._line
        if row is None:
            return ""
        inside = (row.path if row.folder else posixpath.dirname(row.path)).removeprefix(PROMPTS)
        return f"{inside[1:]}/" if inside else ""

    def in_sight(self) -> list[str]:
        """Return the paths of the prompts and partials on screen, from the top."""
        top = self.scroll_offset.y
        rows = self._lines[top : top + self.scrollable_content_region.height]
        return [row.path for row in rows if not row.folder]

    def mark_open(self, path: str | None) -> None:
        """Mark what is open on the bench, and bring it into sight where that changed."""
        if path != self._opened:
            self._opened = path
            if path is not None:
                self.go_to(path)
            self.refresh()

    def go_to(self, path: str) -> None:
        """Move the cursor to a prompt or partial, and open the folders around it."""
        above = set(_folders(path))
        if above & self.folded:
            self.folded -= above
            self._lay_out()
        at = next((at for at, row in enumerate(self._lines) if row.path == path), None)
        if at is not None:
            self._move_to(at)

    def choose(self) -> None:
        """Open what is under the cursor; a folder unfolds or folds."""
        if self.path is not None:
            self.post_message(self.Chosen(self.path))
        else:
            self.action_fold()

    def on_click(self, event: Click) -> None:
        """Open what is clicked on."""
        at = self._line_at(event)
        if at is not None:
            self._move_to(at)
            self.choose()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Say the whole name under the mouse, and how it stands in words."""
        at = self._line_at(event)
        self.tooltip = None if at is None else self._in_words(self._lines[at])

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        at, width, base = y + self.scroll_offset.y, self.scrollable_content_region.width, self.rich_style
        if at >= len(self._lines):
            return Strip.blank(width, base)
        if at == self._cursor:
            base += self.get_component_rich_style("prompt-tree--cursor")
        pieces = self._pieces(self._lines[at], width)
        return Strip([Piece(text, base + style) for text, style in pieces]).adjust_cell_length(width, base)

    def _pieces(self, row: Row, width: int) -> Iterator[tuple[str, Style]]:
        """Yield the text of a row with its styles: indent, name, and how it stands at the right end."""
        here = row.path == self._opened
        lead = "  " * row.depth + (HERE if here else self._mark(row))
        name, room = inert(row.name).replace("\n", "␊"), max(0, width - len(lead) - 3)
        if cell_len(name) > room:
            name = f"{set_cell_size(name, max(0, room - 1)).rstrip()}…"
        yield lead, Style(bold=here)
        yield set_cell_size(name, room), Style(dim=row.partial, bold=here)
        yield f" {UNSAVED if self._is_unsaved(row) else ' '}", Style()
        state = self._inside.get(row.path) if row.folder else self._states.get(row.path)
        if state is None:
            yield " ", Style()
        else:
            style = self.get_component_rich_style(f"prompt-tree--{state.value}", partial=True)
            yield state.letter, Style(color=style.color, bold=style.bold, dim=row.folder)

    def _is_unsaved(self, row: Row) -> bool:
        if not row.folder:
            return row.path in self._unsaved
        return row.path in self.folded and any(path.startswith(f"{row.path}/") for path in self._unsaved)

    def _in_words(self, row: Row) -> str:
        state = self._inside.get(row.path) if row.folder else self._states.get(row.path)
        words = [row.path, f"{state.letter} {state.value}{' inside' if row.folder else ''}" if state else ""]
        words += [f"{UNSAVED} unsaved" if self._is_unsaved(row) else "", self._why.get(row.path, "")]
        return inert("\n".join(filter(None, words))).replace("[", r"\[")

    def _is_folded(self, line: Row) -> bool | None:
        return line.path in self.folded if line.folder else None

    def _fold(self, line: Row) -> None:
        self.folded ^= {line.path}
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay the rows out anew; what was under the cursor stays there, on the same line of the screen."""
        before = self._line
        self._lines = list(_rows(_Folder.of(self._paths), self.folded, 0))
        at = self._cursor
        if before is not None:
            again = (at for at, row in enumerate(self._lines) if row.path == before.path)
            at = next(again, self._cursor)
        moved = at - self._cursor
        self._cursor = max(0, min(at, len(self._lines) - 1))
        self._measure()
        if moved:
            self._scroll(self.scroll_offset.y + moved)


@dataclass
class _Folder:
    """A folder with what is in it, by name."""

    path: str
    folders: dict[str, _Folder]
    files: list[str]

    @classmethod
    def of(cls, paths: Iterable[str]) -> _Folder:
        top = cls(PROMPTS, {}, [])
        for path in paths:
            folder = top
            for above in _folders(path):
                folder = folder.folders.setdefault(above, cls(above, {}, []))
            folder.files.append(path)
        return top


def _rows(folder: _Folder, folded: Collection[str], depth: int) -> Iterator[Row]:
    """Yield the rows below a folder: folders, prompts, partials, each in order."""
    for path in sorted(folder.folders, key=lambda path: (is_partial(f"{path}/"), path)):
        yield Row(path, depth, True, is_partial(f"{path}/"))
        if path not in folded:
            yield from _rows(folder.folders[path], folded, depth + 1)
    for path in sorted(folder.files, key=lambda path: (is_partial(path), path)):
        yield Row(path, depth, False, is_partial(path))


def _folders(path: str) -> list[str]:
    """Return the folders around a file below ``prompts/``, the outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts))]


def _inside(states: Mapping[str, State]) -> dict[str, State]:
    """Return the most urgent state inside each folder that holds any."""
    inside: dict[str, list[State]] = {}
    for path, state in states.items():
        for folder in _folders(path):
            inside.setdefault(folder, []).append(state)
    return {folder: urgent(found) for folder, found in inside.items()}
