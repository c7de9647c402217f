"""What each model makes of the context: tokens, share of the window, price, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from workbench.bench.previewing import ModelPreview
from workbench.bench.shown import cost_range, inert, money, one_line


class ModelsView(Static):
    """A line a model, numbers under each other."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._found: tuple[ModelPreview, ...] | None = None

    def show(self, found: Sequence[ModelPreview], *, fresh: bool = True) -> None:
        """Show what the models make of it; counts that are not ``fresh`` are dimmed."""
        self._found = tuple(found)
        self.update(self._content(fresh))

    def show_none(self) -> None:
        """Show nothing: there is no context to make anything of."""
        self._found = None
        self.update("")

    def mark_stale(self) -> None:
        """Dim the counts, because they are about to change."""
        self.update(self._content(False))

    def _content(self, fresh: bool) -> Content:
        if self._found is None:
            return Content("")
        if not self._found:
            return Content.styled("no model: choose one with ^l", "$text-muted")
        names = max(len(one.model.name) for one in self._found)
        lines = []
        for one in self._found:
            line = Content.assemble(
                (inert(one.model.name).ljust(names), "bold"),
                "  ",
                (tokens(one), "" if fresh else "dim"),
                "  ",
                price(one),
            )
            lines.append(line)
            trouble = "; ".join(one.problems) or (one.unready or one.warning or "").partition("\n")[0]
            if trouble:
                lines.append(Content.styled(f"  ! {one_line(trouble, 200)}", "$text-warning"))
        return Content("\n").join(lines)


def tokens(one: ModelPreview) -> str:
    """Return a model's tokens, whether they are exact, and the bar of its window."""
    if one.count is None:
        return "      ?"
    mark = "=" if one.count.exact else "≈"
    observed = f" of {one.count.observations}" if one.count.observations else ""
    share = f" {bar(one.count.total / one.model.window)}" if one.model.window else ""
    return f"{one.count.total:>7,} {mark}{observed}{share}"


def bar(share: float, width: int = 6) -> str:
    """Return a share of the context window as a bar and in percent."""
    filled = min(width, round(share * width))
    return f"{'▰' * filled}{'▱' * (width - filled)} {share * 100:.0f} %"


def price(one: ModelPreview) -> str:
    """Return what one call will cost: low, typical, high."""
    cost = one.cost
    if one.model.free or cost is None:
        return money(None, free=one.model.free)
    return cost_range(cost.low, cost.typical, cost.high)
