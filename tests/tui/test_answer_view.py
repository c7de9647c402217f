"""An answer on screen: one as long as a book is there too, a moment later."""

from __future__ import annotations

from textual.app import App, ComposeResult

from tests.tui.seeing import until
from workbench.tui.widgets.answer_rows import Said, TextRows
from workbench.tui.widgets.answer_view import WRAPPED_AT_ONCE, AnswerView

PARAGRAPH = "".join(f"wörd{number} – " for number in range(WRAPPED_AT_ONCE // 4))


class OneAnswer(App[None]):
    """Nothing but an answer."""

    def compose(self) -> ComposeResult:
        yield AnswerView()


def lines(view: AnswerView) -> list[str]:
    """All rows, as they are drawn."""
    return [view.render_line(y).text.strip() for y in range(view.virtual_size.height)]


def at_once(said: Said, view: AnswerView) -> list[str]:
    """The rows that a text has if it is cut all at once; a column stays free on either side."""
    rows = TextRows.of(said, view.scrollable_content_region.width - 2)
    return ["".join(text for text, _ in rows.pieces(at)).strip() for at in range(len(rows))]


async def test_a_long_paragraph_is_there_in_full_and_at_another_width_as_well():
    app, said = OneAnswer(), Said(PARAGRAPH)
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.query_one(AnswerView)
        view.show(said, anew=True)
        assert lines(view)[0].startswith("wörd0 – wörd1")
        for size in ((60, 20), (44, 12)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: lines(view) == at_once(said, view))


async def test_a_paragraph_that_grows_while_it_is_laid_out_is_there_in_full():
    app = OneAnswer()
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.query_one(AnswerView)
        text = PARAGRAPH
        for piece in ["", *"one two three".split(" ")]:
            text += piece
            view.show(Said.of((text, ""), ("▌", "")), anew=not piece)
        await pilot.resize_terminal(50, 20)
        text += " four"
        view.show(Said.of((text, ""), ("▌", "")), anew=False)
        await until(pilot, lambda: lines(view) == at_once(Said.of((text, ""), ("▌", "")), view))
        view.show(Said.of((text, "")), anew=False)
        await until(pilot, lambda: lines(view) == at_once(Said.of((text, "")), view))
