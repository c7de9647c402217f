"""All that is wrong with a prompt, each with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.projects import tree
from workbench.errors import PromptError
from workbench.prompts.language.problems import find_problems
from workbench.prompts.tree import prompt_name
from workbench.prompts.version import load_version

BROKEN = """\
---
modles: [smol]
inputs:
  ticket: {descr: The message.}
  tone: friendly
examples: ex.yml
documents: {refunds: ../docs/refnds.md, other: ../../x}
output: {schema: {type: objct}}
---
system:
{% include "_tone.md" %}
{% include "_missing.md" %}
{% include "_bad.md" %}
{{ tiket }} {{ ticket | upercase }} {{ documents.refund }}
{% if ticket is deffined %}{% endif %}
"""
FILES = {
    "prompts/_tone.md": "Be kind.\n{{ tonne }}\n",
    "prompts/_bad.md": "a\n{% if %}",
    "prompts/ex.yml": "- {ticket: a}\n",
    "docs/refunds.md": "None.\n",
}


def problems(prompt, files=None, given=(), name="p"):
    """Return line, column and message of each problem."""
    path = name if name.startswith("prompts/") else f"prompts/{name}.md"
    found = find_problems(tree({path: prompt, **(files or {})}), name, given)
    assert all(problem.place.path == path for problem in found)
    return [(problem.place.line, problem.place.column, problem.message) for problem in found]


def test_everything_that_is_wrong_is_found_at_once():
    found = problems(BROKEN, FILES)
    assert [(line, column) for line, column, _ in found] == [
        *((2, 1), (4, 12), (6, 11), (7, 13), (7, 41), (8, None)),
        *((11, 13), (12, 13), (13, 13), (14, 4), (14, 25), (14, 50), (15, 17)),
    ]
    said = "\n".join(message for _, _, message in found)
    for words in (
        *("the key “modles”", "the key “descr”", "prompts/ex.yml:1: an example must be"),
        *("docs/refnds.md, which does not exist", "leaves the project", "not a JSON schema"),
        *(
            "prompts/_tone.md:2: the input “tonne”",
            "the include “_missing.md”",
            "prompts/_bad.md:2: this is not",
        ),
        *("the input “tiket”", "no filter “upercase”", "no document “refund”", "no test “deffined”"),
    ):
        assert words in said


def test_switches_of_findings_that_are_none_are_found_beside_what_else_is_wrong():
    found = problems("---\nfindings:\n  repeats: off\n  repeat: 1\nmodles: []\n---\n{{ ticket }}")
    assert [(line, column) for line, column, _ in found] == [(3, 3), (4, 3), (5, 1), (7, 4)]
    assert "no finding “repeats”" in found[0][2]


def test_a_problem_names_the_nearest_word_that_there_is():
    hints = {
        problem.place: problem.hint for problem in find_problems(tree({"prompts/p.md": BROKEN, **FILES}), "p")
    }
    assert {"Did you mean “models”?", "Did you mean “ticket”?", "Did you mean “upper”?"} <= set(
        hints.values()
    )


def test_a_good_prompt_has_no_problems():
    good = """
        ---
        inputs: {ticket: , tone: friendly, talk: {kind: turns}}
        documents: {refunds: ../docs/refunds.md}
        acme.owner: me
        ---
        {% include "_kind.md" %}
        {% set a, b = 1, 2 %}{{ a + b }}{{ documents.refunds }}{{ documents["refunds"] }}
        {% for key, value in documents.items() %}{{ loop.index }}{{ key }}{{ value }}{% else %}
        {{ a }}{% endfor %}
        {% macro say(what, how="x") %}{{ what }}{{ how }}{{ varargs }}{{ caller() }}{% endmacro %}
        {% call(x) say(ticket) %}{{ x }}{% endcall %}{{ say("a") }}
        {% with c = tone %}{{ c }}{% endwith %}{% set d %}{{ ticket }}{% endset %}{{ d }}
        {% if unsure is defined %}{{ unsure }}{% endif %}{{ perhaps | default("x") }}
        {% import "_macros.md" as macros %}{{ macros.one() }}
        {% from "_macros.md" import one as uno %}{{ uno() }}
        {% set ns = namespace(n=0) %}{% set ns.n = 1 %}{{ ns.n }}{{ range(3) | list }}
        {{ examples | length }}{% include "_not_there.md" ignore missing %}

        {{ talk }}
        """
    files = {
        "prompts/_kind.md": "{{ tone }}",
        "prompts/_macros.md": "{% macro one() %}1{% endmacro %}",
        "docs/refunds.md": "x",
    }
    assert problems(good, files) == []


def test_names_that_a_partial_gets_where_it_is_included_are_known_there_and_only_there():
    files = {"prompts/_row.md": "{{ item }}"}
    assert problems('{% for item in "ab" %}{% include "_row.md" %}{% endfor %}', files) == []
    assert problems('x\n{% include "_row.md" %}', files) == [
        (2, 13, "prompts/_row.md:1: the input “item” is not declared")
    ]


def test_what_is_wrong_in_a_partial_is_told_where_it_is_named_also_within_a_tag_of_several_lines():
    files = {"prompts/_it's.md": "{{ nothing }}", "prompts/_b.md": "{%\n  include '_c.md'\n%}"}
    files["prompts/_c.md"] = "a\n{{ void }}"
    assert problems('---\n---\nx\n{% include\n  "_it\'s.md"\n%}\n {% include "_b.md" %}', files) == [
        (5, 4, "prompts/_it's.md:1: the input “nothing” is not declared"),
        (7, 14, "prompts/_c.md:2: the input “void” is not declared"),
    ]


def test_a_name_of_a_loop_is_unknown_after_it():
    assert problems("{% for a in 'x' %}{{ a }}{% endfor %}\n{{ a }}") == [
        (2, 4, "the input “a” is not declared")
    ]


def test_an_input_that_cases_give_is_no_error_though_it_is_better_declared():
    assert problems("{{ ticket }}", given=["ticket"]) == []
    declared = "---\ninputs: {tone: x}\n---\n{{ ticket }}{{ tone }}"
    (problem,) = find_problems(tree({"prompts/p.md": declared}), "p", ["ticket"])
    assert problem.severity == "warning" and "declare it under “inputs”" in (problem.hint or "")
    (problem,) = find_problems(tree({"prompts/p.md": declared}), "p")
    assert problem.severity == "error"


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ("---\na: [\n---\n{{ x }}", 3),
        ("---\na: b", 1),
        ("---\ninputs: {a: }\ninputs: {a: }\n---\n{{ a }}", 3),
        ("a\n{{ x", 2),
        ("a\n{% endif %}", 2),
        ("a\n{% include x %}", 2),
        ("a\n{% include '../x.md' %}", 2),
        ("a\n{{ " + "(" * 3000, None),
    ],
)
def test_what_keeps_a_prompt_from_being_read_is_told_once_with_its_line(prompt, line):
    ((found, _, _),) = problems(prompt)
    assert found == line


def test_other_problems_of_a_template_are_found_though_the_front_matter_cannot_be_read():
    assert [line for line, _, _ in problems("---\na: [\n---\n{{ x | nothing }}")] == [3, 4]


def test_a_partial_is_asked_about_by_its_path_and_may_use_any_name():
    assert problems("{{ anything }}", name="prompts/_a.md") == []
    partial = '---\n{{ a | nothing }}\n{% include "_b.md" %}'
    assert problems(partial, name="prompts/x/_a.md") == [
        (2, 8, "there is no filter “nothing”"),
        (3, 13, "the include “_b.md” names prompts/_b.md, which does not exist"),
    ]
    ((line, _, _),) = problems("a\n{% if %}", name="prompts/_a.md")
    assert line == 2


def test_a_file_that_is_no_text_or_not_there_is_a_problem_of_its_own():
    assert problems(b"\xff\xfe") == [(1, None, "is not UTF-8: the first bad byte, 0xff, is at offset 0")]
    (problem,) = find_problems(tree({}), "p")
    assert problem.message == "does not exist"


def test_a_document_that_is_no_text_is_told_where_it_is_named():
    prompt = "---\ndocuments:\n  a: ../a.bin\n---\n{{ documents.a }}"
    ((line, column, message),) = problems(prompt, {"a.bin": b"a\0b"})
    assert (line, column) == (3, 6) and "is a binary file" in message


def test_partials_that_include_each_other_without_end_are_read_once():
    files = {f"prompts/_{n}.md": f'{{% include "_{n + 1}.md" %}}' * 2 for n in range(40)}
    files["prompts/_40.md"] = '{% include "_0.md" %}{{ x }}'
    assert len(problems('{% include "_0.md" %}', files)) == 1


LINES = ["---", "inputs:", "  a: {kind: x}", "  b: c", "models: x", "{{ a }}", "{{ z | y }}", "{% if a %}"]
LINES += [
    "{% endif %}",
    '{% include "_x.md" %}',
    "- a",
    "documents: {d: e}",
    "examples: f.yml",
    "  k: [",
    "user:",
]


@given(st.lists(st.sampled_from(LINES), max_size=10).map("\n".join))
def test_whatever_keeps_a_prompt_from_loading_is_among_its_problems(prompt):
    files = tree({"prompts/p.md": prompt, "prompts/_x.md": "{{ b }}"})
    found = find_problems(files, "p")
    assert prompt_name("prompts/p.md") == "p"
    try:
        load_version(files, "p")
    except PromptError as error:
        assert any(error.message in problem.message for problem in found)
    for problem in found:
        assert 1 <= (problem.place.line or 1) <= prompt.count("\n") + 1
