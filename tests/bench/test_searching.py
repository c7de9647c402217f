"""Searching prompts by what a person remembers of them."""

from __future__ import annotations

import os

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from tests.support.projects import Project
from workbench.bench.searching import Entry, Searching, Where, case_names, described, find
from workbench.prompts.library import Library


def entry(name: str, text: str = "", description: str = "", cases: tuple[str, ...] = ()) -> Entry:
    return Entry(f"prompts/{name}.md", name, text, description, cases)


def names(query: str, *entries: Entry) -> list[str]:
    return [found.entry.name for found in find(query, entries, 20)]


def test_names_come_before_descriptions_before_cases_before_text():
    entries = (
        entry("a", text="about\ntickets here"),
        entry("b", cases=("tickets",)),
        entry("c", description="Sort tickets"),
        entry("tickets"),
        entry("e", text="nothing"),
    )
    assert names("tickets", *entries) == ["tickets", "c", "b", "a"]
    assert [found.where for found in find("tickets", entries, 9)] == list(Where)


def test_letters_of_a_name_are_found_in_their_order_and_the_nearest_come_first():
    entries = [entry(name) for name in ("support/triage", "s/t/r", "strange/thing", "support/reply")]
    assert names("str", *entries)[0] == "strange/thing" and names("str", *entries)[-1] != "support/triage"
    assert names("sutr", *entries)[0] == "support/triage"
    assert names("triage", *entries) == ["support/triage"]
    assert names("xtr", *entries) == []


def test_letters_far_apart_in_a_name_come_last():
    entries = (entry("reviews/old/abridged"), entry("notes", text="an odd word"))
    assert names("odd", *entries) == ["notes", "reviews/old/abridged"]


def test_a_part_that_begins_so_comes_before_one_that_holds_it():
    assert names("view", entry("reviews"), entry("all/viewer")) == ["all/viewer", "reviews"]


def test_every_word_must_be_found_somewhere_and_capitals_do_not_count():
    entries = (entry("reply", "Be KIND", "Answer a customer"), entry("repeat", "be kind"))
    assert names("REP kind customer", *entries) == ["reply"]


def test_the_line_with_the_words_is_told_with_its_number():
    text = "---\ndescription: x\n---\nsystem:\nBe brief.\nBe brief and kind.\n"
    [found] = find("brief kind", [entry("p", text)], 5)
    assert (found.line, found.excerpt) == (6, "Be brief and kind.")
    [found] = find("brief system", [entry("p", text)], 5)
    assert (found.line, found.excerpt) == (4, "system:")


def test_the_letters_that_match_are_told():
    [found] = find("tri", [entry("support/triage")], 5)
    assert [found.entry.name[at] for at in found.at] == list("tri")
    [found] = find("sutr", [entry("support/triage")], 5)
    assert "".join(found.entry.name[at] for at in found.at) == "sutr"


def test_nothing_typed_offers_the_first_by_name():
    entries = [entry(f"p{number:03}") for number in reversed(range(50))]
    assert [found.entry.name for found in find("  ", entries, 3)] == ["p000", "p001", "p002"]


WORDS = st.text(alphabet="abAB/ \nİß", max_size=8)


@given(st.lists(st.builds(entry, WORDS, WORDS, WORDS, st.tuples(WORDS)), max_size=6), WORDS, WORDS)
@example([entry("İİ", "a")], "i", "")
def test_what_is_found_holds_every_word_and_typing_on_only_narrows(entries, query, more):
    found = find(query, entries, 99)
    wider = {id(one.entry) for one in found}
    assert all(id(one.entry) in wider for one in find(query + more, entries, 99)) or not query.strip()
    for one in found:
        everything = "\n".join(one.entry.lowered)
        assert all(set(word) <= set(everything) for word in query.lower().split())
        assert 1 <= one.line <= one.entry.text.count("\n") + 1
        if one.where is Where.TEXT:
            line = one.entry.text.split("\n")[one.line - 1].lower()
            assert any(word in line for word in query.lower().split())


@pytest.mark.parametrize(
    ("front", "description"),
    [
        ("description: Sort a ticket", "Sort a ticket"),
        ('description: "Sort: a ticket"', "Sort: a ticket"),
        ("description: >\n  Sort\n  a ticket\n", "Sort a ticket\n"),
        ("description: Sort\n  a ticket", "Sort a ticket"),
        ("description: Sort # not this", "Sort"),
        ("description:", ""),
        ("description: [1]", ""),
        ("params: {a: 1}", ""),
        ("description: 'never closed", ""),
    ],
)
def test_the_description_is_the_front_matters(front: str, description: str):
    assert described(f"---\n{front}\n---\nuser:\ndescription: not this\n") == description


def test_a_text_without_front_matter_has_no_description():
    assert described("description: x") == described("") == described("---\ndescription: x") == ""


def test_names_of_cases_are_seen_in_yaml_and_json_lines():
    assert case_names("- {name: card, inputs: {}}\n- name: 'two words'\n  inputs: {}\n") == [
        "card",
        "two words",
    ]
    assert case_names('{"name": "a b", "inputs": {}}\n') == ["a b"]


def test_what_changed_is_read_again_and_nothing_else(project: Project, monkeypatch: pytest.MonkeyPatch):
    for name in ("one", "two"):
        project.write(f"prompts/{name}.md", f"---\ndescription: about {name}\n---\nuser:\nhello\n")
    project.write("prompts/two.cases.yml", "- {name: card, inputs: {}}\n")
    paths = ("prompts/one.md", "prompts/two.md", "prompts/gone.md")
    library = Library(project.root)
    opened: list[str] = []
    plainly = library.open
    monkeypatch.setattr(library, "open", lambda path: (opened.append(path), plainly(path))[1])
    finding = Searching(library)
    before = list(finding.entries(paths))
    assert [one.description for one in before] == ["about one", "about two", ""]
    assert before[1].cases == ("card",)
    opened.clear()
    assert list(finding.entries(paths)) == before and opened == []
    cases = project.write("prompts/two.cases.yml", "- {name: crash, inputs: {}}\n")
    os.utime(cases, ns=(1, 1))
    assert [one.cases for one in finding.entries(paths)] == [(), ("crash",), ()]
    assert opened == ["prompts/two.md", "prompts/two.cases.yml"]


def test_a_file_that_is_not_text_is_found_by_its_name(project: Project):
    project.write("prompts/odd.md", b"\xff\xfe\0")
    assert [one.name for one in Searching(Library(project.root)).entries(["prompts/odd.md"])] == ["odd"]
