"""What each model makes of the context: tokens, window, price, what changed, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from workbench.bench.baseline import Based
from workbench.bench.comparing import ModelDelta
from workbench.bench.figures import certainty, prices
from workbench.bench.previews import ModelPreview
from workbench.bench.shown import bar, change, inert, money, one_line, percent, things
from workbench.context.findings import Finding

GAP = "  "

WINDOW = 6
"""Cells of the bar of a window."""


class ModelsView(Static):
    """A model after the other, numbers under each other; each takes as few lines as its figures fit on."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._found: tuple[ModelPreview, ...] | None = None
        self._based: Based | None = None
        self._findings: tuple[Finding, ...] = ()
        self._dimmed = False

    @property
    def dimmed(self) -> bool:
        """Whether the counts are dimmed, because they are not right and have not been for a while."""
        return self._dimmed

    def show(
        self,
        found: Sequence[ModelPreview],
        based: Based | None = None,
        findings: Sequence[Finding] = (),
        *,
        fresh: bool = True,
    ) -> None:
        """Show what the models make of it, how that differs from what it is based on, and the findings.

        Counts that are not ``fresh`` stay dimmed where they are.
        """
        self._found, self._based, self._findings = tuple(found), based, tuple(findings)
        self._dimmed = self._dimmed and not fresh
        self._show()

    def show_none(self) -> None:
        """Show nothing: there is no context to make anything of."""
        self._found = None
        self._show()

    def dim(self) -> None:
        """Dim the counts until they are right again."""
        self._dimmed = True
        self._show()

    def on_resize(self, event: Resize) -> None:
        """Show as much on a line as fits."""
        self._show()

    def _show(self) -> None:
        lines = list(self._lines(max(20, self.size.width or 80)))
        content, before = Content("\n").join(lines), self.content
        if content == before and isinstance(before, Content) and content.spans == before.spans:
            return  # drawing it again at each key would cost more than all else
        same_height = isinstance(before, Content) and len(before.plain.split("\n")) == len(lines)
        self.update(content, layout=not same_height)

    def _lines(self, width: int) -> Iterator[Content]:
        if self._found is None:
            return
        if not self._found:
            yield Content.styled("no model: choose one with ^l", "$text-muted")
        names = max((len(one.model.name) for one in self._found), default=0)
        for one in self._found:
            yield from self._model(one, names, width)
        if self._based is not None and self._based.trouble and self._found:
            about = f"vs {self._based.label}: {self._based.trouble}"
            yield Content.styled(one_line(about, width), "$text-muted")
        if self._findings:
            yield Content.styled(one_line(findings_line(self._findings), width), "$text-warning")

    def _model(self, one: ModelPreview, names: int, width: int) -> Iterator[Content]:
        delta = self._based.delta(one) if self._based is not None else None
        figures = [
            Content.assemble(
                (inert(one.model.name).ljust(names), "bold"),
                GAP,
                (tokens(one), "dim" if self._dimmed else ""),
            ),
            *map(Content, prices(one)),
            *(
                [
                    Content.styled(
                        delta_words(delta, self._based.label), "bold" if delta.tokens else "$text-muted"
                    )
                ]
                if delta and self._based
                else []
            ),
        ]
        yield from _filled([figure for figure in figures if figure.plain], width)
        trouble = "; ".join(one.problems) or (one.unready or one.warning or "").partition("\n")[0]
        if trouble:
            yield Content.styled(f"  ! {one_line(trouble, width - 4)}", "$text-warning")


def _filled(figures: Sequence[Content], width: int) -> Iterator[Content]:
    """Yield lines with as many figures as fit on each; all but the first are indented."""
    line = figures[0]
    for figure in figures[1:]:
        if line.cell_length + len(GAP) + figure.cell_length <= width:
            line = Content(GAP).join([line, figure])
        else:
            yield line
            line = Content(GAP) + figure
    yield line


def tokens(one: ModelPreview) -> str:
    """Return a model's tokens, whether they are exact, and the bar of its window."""
    if one.count is None:
        return "      ?"
    share = f" {window(one.count.total / one.model.window)}" if one.model.window else ""
    return f"{one.count.total:>7,} {certainty(one.count)}{share}"


def window(share: float) -> str:
    """Return how much of its window a context fills, as a bar and in percent."""
    return f"{bar(share, WINDOW)} {percent(share)}"


def _changed(delta: ModelDelta, label: str) -> Content:
    return Content.styled(delta_words(delta, label), "bold" if delta.tokens else "$text-muted")


def delta_words(delta: ModelDelta, label: str) -> str:
    """Return what changed for a model: ``vs HEAD +31 tokens, +$0.00001``; empty where that is not known."""
    if delta.tokens is None:
        return ""
    many = "token" if abs(delta.tokens) == 1 else "tokens"
    cost = f", {'+' if delta.cost > 0 else '-'}{money(abs(delta.cost))}" if delta.cost else ""
    return f"vs {inert(label)} {change(delta.tokens)} {many}{cost}"


def findings_line(findings: Sequence[Finding]) -> str:
    """Return how many findings there are, and the words of the first."""
    many = things(len(findings), "finding")
    return f"! {many}: {findings[0].message}"
