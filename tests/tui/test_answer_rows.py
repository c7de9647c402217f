"""An answer in rows: faithful as it was written, readable as Markdown, and inert both ways."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from workbench.tui.widgets.answer_rows import MOST_MARKDOWN, MarkdownRows, Rows, Said, TextRows, rows_of

TEXTS = st.text(st.sampled_from("ab 1\n\t漢é\x1b[]()#*_`>|-.!<&\\"), max_size=120)
PAGE = """\
# A *title*

Two lines
of **one** paragraph, with <policy>tags</policy> and `code`.

- a [link](http://127.0.0.1/x) and ![a picture](http://127.0.0.1/y.png)
- <http://127.0.0.1/z>

| a | b |
|---|---|
| 1 | 2 |

```json
{"queue":   "billing"}
```
"""


def lines(rows: Rows) -> list[str]:
    return ["".join(text for text, _ in rows.pieces(at)).rstrip() for at in range(len(rows))]


def markdown(text: str, width: int = 60) -> list[str]:
    return lines(rows_of(Said(Said.of((text, "")).text, markdown=True), width))


def test_markdown_is_rendered_with_its_lines_tags_and_addresses():
    shown = markdown(PAGE)
    assert "# A title" in shown
    assert "Two lines" in shown
    assert "of one paragraph, with <policy>tags</policy> and code." in shown
    assert " • a link (http://127.0.0.1/x) and [a picture]" in shown
    assert " • http://127.0.0.1/z" in shown
    assert " 1  2" in shown
    assert '  {"queue":   "billing"}' in shown


def test_the_beginning_of_an_answer_keeps_its_marks():
    said = Said.of(("one ", ""), ("two", "added"))
    assert list(TextRows.of(said.beginning(5), 40).pieces(0)) == [("one ", ""), ("t", "added")]


def test_no_link_can_be_followed_and_nothing_has_a_colour():
    for at in range(len(rows := MarkdownRows.of(Said(PAGE), 60))):
        for _, style in rows.pieces(at):
            assert not isinstance(style, str)
            assert style.link is None and style.color is None and style.bgcolor is None and not style.meta


def test_plain_words_are_shown_as_they_were_written_and_so_is_what_is_too_long():
    assert isinstance(rows_of(Said("one two\nthree", markdown=True), 40), TextRows)
    assert isinstance(rows_of(Said("**" * MOST_MARKDOWN, markdown=True), 40), TextRows)
    assert isinstance(rows_of(Said("**one**", markdown=True), 40), MarkdownRows)
    assert isinstance(rows_of(Said("**one**"), 40), TextRows)


@given(TEXTS, st.sampled_from([12, 30, 80]))
@settings(deadline=None)
def test_any_answer_can_be_rendered_in_rows_that_fit_and_do_not_act(text: str, width: int):
    for row in markdown(text, width):
        assert cell_len(row) <= width
        assert "\x1b" not in row and "\n" not in row


@given(TEXTS, TEXTS, TEXTS, st.sampled_from([9, 30]))
def test_as_written_every_character_is_there_and_keeps_its_mark(one: str, two: str, three: str, width: int):
    said = Said.of((one, ""), (two, "added"), (three, ""))
    rows = TextRows.of(said, width)
    marked, everything = "", ""
    for at in range(len(rows)):
        pieces = rows.pieces(at)
        assert sum(cell_len(text) for text, _ in pieces) <= width
        marked += "".join(text for text, name in pieces if name == "added")
        everything += "".join(text for text, _ in pieces)
    tabs = str.maketrans({"\t": "    ", "\n": None})
    assert everything == said.text.translate(tabs)
    assert marked == Said.of((two, "")).text.translate(tabs)


@given(st.lists(st.text(st.sampled_from("ab \n漢"), max_size=9), max_size=9))
def test_a_text_that_grows_is_laid_out_as_if_it_had_been_there_at_once(pieces: list[str]):
    text, rows = "", TextRows.of(Said(""), 10)
    for piece in pieces:
        text += piece
        rows = TextRows.of(Said(text, growing=True), 10, rows)
    assert lines(rows) == lines(TextRows.of(Said(text), 10))


@given(st.lists(st.text(st.sampled_from("abc \t\n漢\u0301"), max_size=40), max_size=9), st.integers(8, 12))
def test_a_paragraph_that_grows_before_its_cursor_is_laid_out_as_at_once(pieces: list[str], width: int):
    text, rows = "", TextRows.of(Said(""), width)
    for piece in pieces:
        text += piece
        rows = TextRows.of(Said.of((text, ""), ("▌", "")), width, rows)
        assert rows.wrapped == TextRows.of(Said.of((text, ""), ("▌", "")), width).wrapped
