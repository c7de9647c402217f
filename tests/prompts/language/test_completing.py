"""What can be written at a place of a prompt, and what a place refers to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.prompts.language.completing import Asked, Wanted, Words, asked_at, candidates, ranked
from workbench.prompts.language.references import Reference, includes, reference_at
from workbench.prompts.language.syntax import Source

WORDS = Words(
    partials=("_tone.md", "shared/_rules.md"),
    models=("smol", "mini"),
    files=("../../docs/refunds.md", "triage.examples.yml"),
)
FRONT = """\
---
inputs:
  ticket:
  tone: friendly
documents: {refunds: ../docs/refunds.md}
examples: ex.yml
---
"""


def at(text):
    """Return the lines of a text, and the row and column of the bar in it."""
    before, _, after = text.partition("¦")
    return (before + after).split("\n"), before.count("\n"), len(before.rpartition("\n")[2])


def asked(text):
    return asked_at(*at(text))


def offered(text, words=WORDS):
    lines, row, column = at(text)
    found = asked_at(lines, row, column)
    return None if found is None else candidates(found, words, lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ ¦ }}", ("ticket", "tone", "documents", "examples")),
        ("{{ ti¦ }}", ("ticket",)),
        ("{% if to¦ %}", ("tone",)),
        ("{{\n  ti¦\n}}", ("ticket",)),
        ("{{ tone ~ ti¦", ("ticket",)),
        ("{{ documents.¦ }}", ("refunds",)),
        ('{{ documents["re¦"] }}', ("refunds",)),
        ("{{ ticket | upp¦ }}", ("upper",)),
        ("{{ ticket|trim|upp¦ }}", ("upper",)),
        ("{% if ticket is defi¦ %}", ("defined", "undefined")),
        ("{% if ticket is not defi¦ %}", ("defined", "undefined")),
        ('{% include "¦" %}', ("_tone.md", "shared/_rules.md")),
        ("{%- include 'rul¦' %}", ("shared/_rules.md",)),
        ('{% from "to¦" import a %}', ("_tone.md",)),
        ("{% incl¦ %}", ("include",)),
    ],
)
def test_template_code_asks_for_inputs_documents_filters_tests_partials_and_statements(text, words):
    assert offered(FRONT + text) == words


@pytest.mark.parametrize(
    "text",
    [
        "ti¦",
        "{{ ticket }} ti¦",
        "{# ti¦ #}",
        "{{ 'ti¦' }}",
        "{{ ticket.ti¦ }}",
        "{{ 1¦ }}",
        "{% raw %}{{ ti¦",
    ],
)
def test_plain_words_comments_texts_and_attributes_ask_for_nothing(text):
    assert asked(FRONT + text) is None


@pytest.mark.parametrize(
    ("front", "words"),
    [
        ("desc¦", ("description",)),
        ("description: a\ndesc¦", ()),
        ("inputs:\n  a: {de¦", ("description", "default")),
        ("inputs:\n  a:\n    ¦", ("description", "default", "kind")),
        ("inputs:\n  a:\n    kind: value\n    ¦", ("description", "default")),
        ("inputs: {a: {kind: t¦}}", ("turns",)),
        ("models: [sm¦]", ("smol",)),
        ("models: [smol,\n  mi¦", ("mini",)),
        ("models:\n  - ¦", ("smol", "mini")),
        ("models:\n- mi¦", ("mini",)),
        ("params: {temp¦}", ("temperature",)),
        ("params:\n  temp¦", ("temperature",)),
        ("documents:\n  a: ref¦", ("../../docs/refunds.md",)),
        ('documents: {a: "../../d¦"}', ("../../docs/refunds.md",)),
        ("examples: tri¦", ("triage.examples.yml",)),
        ("inputs: {ticket: }\nexamples:\n  - {ti¦", ("ticket",)),
        ("inputs: {ticket: }\nexamples:\n  - ticket: a\n    o¦", ("output",)),
        ("output: {s¦", ("schema",)),
        ("findings: {few¦", ("few-examples",)),
        ("findings:\n  unused-input: on\n  un¦", ("unclosed-tag", "unpinned-model", "unsupported")),
        ("findings: {repeat: o¦", ("on", "off")),
        (
            "inputs:\n  a:\n    kind: turns\n¦",
            ("description", "models", "params", "examples", "documents", "output", "findings"),
        ),
    ],
)
def test_front_matter_asks_for_the_keys_of_its_level_and_for_models_params_and_files(front, words):
    found = offered(f"---\n{front}\n---\n")
    assert (found or ()) == words


@pytest.mark.parametrize(
    "front", ["description: d¦", "# d¦", "inputs:\n  d¦", "description: |\n  d¦", "a: 'd\n  d¦"]
)
def test_texts_names_and_comments_of_front_matter_ask_for_nothing(front):
    assert asked(f"---\n{front}\n---\n") is None


def test_what_is_asked_says_what_is_there_already_and_what_follows_a_word():
    assert asked("---\nmod¦\n---") == Asked(
        Wanted.KEY,
        "mod",
        0,
        ("description", "models", "params", "inputs", "examples", "documents", "output", "findings"),
        ": ",
    )
    found = asked("---\nmod¦: [smol]\n---")
    assert found is not None and found.after == ""
    assert asked("---\n---\n{{ a |¦") == Asked(Wanted.FILTER, "", 6, eager=True)


def test_inputs_that_come_from_elsewhere_are_offered_with_those_of_the_text():
    assert offered(FRONT + "{{ t¦ }}", Words(inputs=("thread",)))[:3] == ("thread", "ticket", "tone")


def test_words_that_begin_alike_come_before_those_that_hold_the_letters():
    assert ranked("to", ("auto", "a_tone", "tone", "t_o")) == ("tone", "a_tone", "auto", "t_o")


@given(st.text("ab_", max_size=4), st.lists(st.text("ab_", min_size=1, max_size=6), max_size=8))
def test_every_word_offered_holds_the_letters_typed_in_their_order(prefix, words):
    for word in ranked(prefix, words):
        rest = iter(word)
        assert all(letter in rest for letter in prefix)
    assert set(ranked("", words)) == set(words)


def test_behind_a_closing_quote_nothing_is_asked():
    assert asked_at(["---", '"desc"'], 1, 6) is None
    asked = asked_at(["---", '"desc"'], 1, 5)
    assert asked is not None
    assert asked.prefix == "desc"


@given(st.text(st.sampled_from("{}%#-\"'|[](): ab\n.,"), max_size=60), st.data())
def test_no_text_is_too_broken_to_be_asked_about(text, data):
    lines = f"---\n{text}".split("\n") if data.draw(st.booleans()) else text.split("\n")
    row = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[row])))
    found = asked_at(lines, row, column)
    if found is not None:
        assert lines[row][found.start : column].endswith(found.prefix)
        candidates(found, WORDS, lines)


def referred(text):
    lines, row, column = at(text)
    source = Source()
    source.update(lines)
    return reference_at(lines, row, column, source.state(row))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{% incl¦ude "_tone.md" %}', Reference("partial", "_tone.md")),
        ('{% include ["_a.md", "_b¦.md"] %}', Reference("partial", "_b.md")),
        ('{% include ["_a.md", ¦ "_b.md"] %}', Reference("partial", "_a.md")),
        ('{% include ["_a.md", \'_b.md\'¦, "_c.md"] %}', Reference("partial", "_b.md")),
        ('{% include "_it\'s¦.md" %}', Reference("partial", "_it's.md")),
        ("{% include '' ¦ %}", None),
        ("{% from 'm/_x.md' import a ¦%}", Reference("partial", "m/_x.md")),
        ("{{ documents.ref¦unds | trim }}", Reference("document", "../docs/refunds.md")),
        ('{{ documents["refunds¦"] }}', Reference("document", "../docs/refunds.md")),
        ("{{ documents.nothing¦ }}", None),
        ("{{ tick¦et }}", None),
        ('{% include "_tone.md" %} ¦ words', None),
    ],
)
def test_a_place_in_a_template_refers_to_the_file_it_names(text, found):
    assert referred(FRONT + text) == found


def test_every_name_in_an_include_is_found_where_it_stands():
    text = (
        'a {%- include ["_a.md", \'_b.md\'] %}\n{% from\n"_c.md" import x %} {{ "_d.md" }} {% extends "_e.md"'
    )
    found = [name for include in includes(text) for name in include.names]
    assert [name for _, name in found] == ["_a.md", "_b.md", "_c.md", "_e.md"]
    assert all(text[start:].startswith(name) for start, name in found)


def test_a_row_of_front_matter_refers_to_the_file_it_names():
    assert referred(FRONT.replace("examples: ", "examples: ¦")) == Reference("examples", "ex.yml")
    assert referred(FRONT.replace("refunds:", "ref¦unds:")) == Reference("document", "../docs/refunds.md")
    assert referred(FRONT.replace("tone:", "to¦ne:")) is None


def test_a_reference_is_a_path_of_the_project_or_none():
    assert Reference("partial", "_tone.md").path_from("prompts/a/b.md") == "prompts/_tone.md"
    assert Reference("partial", "../x.md").path_from("prompts/a/b.md") is None
    assert Reference("document", "../../docs/x.md").path_from("prompts/a/b.md") == "docs/x.md"
    assert Reference("examples", "../../../x.yml").path_from("prompts/a/b.md") is None
