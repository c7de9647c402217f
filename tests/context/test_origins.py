from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.context.test_render import context_of
from tests.support.projects import rendered, segments_of
from tests.support.templates import DOCUMENT, DOCUMENT_TEXTS, INPUT, TEMPLATES, VALUES

FRONT = """---
inputs: {ticket: , tone: }
documents: {d: d.md, e: e.md}
examples: [{ticket: t, output: o}]
---
"""
INPUTS = {"ticket": "TICKET", "tone": "TONE"}
FILES = {
    "prompts/d.md": "DOC",
    "prompts/e.md": "OTHER",
    "prompts/_p.md": "partial",
    "prompts/_t.md": "<{{ ticket }}>",
    "prompts/_d.md": "{{ documents.d }}",
    "prompts/_m.md": "{% macro show() %}{{ documents.d }}{% endmacro %}",
    "prompts/_in.md": "{% include '_t.md' %}",
    "prompts/_shows.md": "{% from '_m.md' import show with context %}{{ show() }}",
    "prompts/_base.md": "base {% block a %}{{ documents.d }}{% endblock %}",
}


def segments(template):
    return segments_of(rendered(FRONT + "{% if false %}{{ examples }}{% endif %}" + template, INPUTS, FILES))


@pytest.mark.parametrize(
    ("template", "origin", "name"),
    [
        ("{{ ticket }}", "input", "ticket"),
        ("{{ documents.d }}", "document", "d"),
        ("{{ documents['d'] }}", "document", "d"),
        ("{{ examples[0].output }}", "example", "examples"),
        ("{{ ticket|upper|replace('T', 't') }}", "input", "ticket"),
        ("{{ 'a' ~ tone }}", "input", "tone"),
        ("{{ documents.d ~ ticket }}", "document", "d"),
        ("{{ examples[0].output ~ ticket }}", "input", "ticket"),
        ("{{ 'x'|replace('x', documents.d) }}", "document", "d"),
        ("{% set x = ticket %}{% set y = x %}{{ y }}", "input", "ticket"),
        ("{% set x %}{{ documents.d }}{% endset %}{{ x }}", "document", "d"),
        ("{% set x %}{% include '_d.md' %}{% endset %}{{ x }}", "document", "d"),
        ("{% set x %}{% include '_p.md' %}{% endset %}{{ x }}", "partial", "_p.md"),
        ("{% set ns = namespace(a='') %}{% set ns.a = documents.d %}{{ ns.a }}", "document", "d"),
        ("{% for c in [documents.d] %}{{ c }}{% endfor %}", "document", "d"),
        ("{% for c in [ticket] %}{{ loop.previtem|default('first') }}{% endfor %}", "input", "ticket"),
        ("{% for c in [1] recursive %}{{ documents.d }}{% endfor %}", "document", "d"),
        ("{% with v = ticket %}{{ v }}{% endwith %}", "input", "ticket"),
        ("{% macro m(x) %}{{ x }}{% endmacro %}{{ m(ticket) }}", "input", "ticket"),
        ("{% macro m(ticket) %}{{ ticket }}{% endmacro %}{{ m('mine') }}", "template", ""),
        ("{% macro m() %}{{ varargs[0] }}{{ kwargs.a }}{% endmacro %}{{ m('mine', a=1) }}", "template", ""),
        ("{% macro m(ticket=documents.d) %}{{ ticket }}{% endmacro %}{{ m() }}", "document", "d"),
        ("{% macro m() %}{{ documents.d }}{% endmacro %}{% set f = m %}{{ f() }}", "document", "d"),
        (
            "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ documents.d }}{% endcall %}",
            "document",
            "d",
        ),
        (
            "{% macro m() %}{{ caller(ticket) }}{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}",
            "input",
            "ticket",
        ),
        ("{% set b %}{% macro m(ticket) %}{% endmacro %}{{ ticket }}{% endset %}{{ b }}", "input", "ticket"),
        ("{% filter upper %}{{ documents.d }}{% endfilter %}", "document", "d"),
        ("{% filter replace('x', ticket) %}x{% endfilter %}", "input", "ticket"),
        ("{% import '_m.md' as m with context %}{{ m.show() }}", "document", "d"),
        ("{% from '_m.md' import show as s with context %}{{ s() }}", "document", "d"),
        ("{% autoescape true %}{{ documents.d }}{% endautoescape %}", "document", "d"),
        ("{% block b %}{{ ticket }}{% endblock %}", "input", "ticket"),
        ("{% include '_p.md' %}", "partial", "_p.md"),
        ("{% include '_t.md' ignore missing %}", "partial", "_t.md"),
        ("{% include '_shows.md' %}", "document", "d"),
        ("{% set x %}{% include '_in.md' %}{% endset %}{{ x }}", "input", "ticket"),
        ("{% set x %}{% include '_shows.md' %}{% endset %}{{ x|upper }}", "document", "d"),
        ("{% filter upper %}{% include '_in.md' %}{% endfilter %}", "input", "ticket"),
        ("{% macro m() %}{% include '_p.md' %}{% endmacro %}{{ m()|title }}", "partial", "_p.md"),
        ("{% with v = documents.d|lower %}{{ v ~ 'x' }}{% endwith %}", "document", "d"),
        ("{{ 'text' }}{{ 1 + 1 }}{{ range(3)|list }}", "template", ""),
        (
            "{% for c in [ticket] %}{{ loop.index }}{{ loop.length }}{{ loop.first }}{% endfor %}",
            "template",
            "",
        ),
    ],
)
def test_the_origin_of_an_expression_follows_the_names_it_depends_on(template, origin, name):
    found = segments(template)
    assert found[0][:2] == (origin, name)
    assert len(found) == 1 or origin == "partial"


def test_text_keeps_its_own_origin_around_what_it_quotes():
    assert segments("Say {{ ticket }} and {% include '_t.md' %}.") == [
        ("template", "", "Say "),
        ("input", "ticket", "TICKET"),
        ("template", "", " and "),
        ("partial", "_t.md", "<"),
        ("input", "ticket", "TICKET"),
        ("partial", "_t.md", ">"),
        ("template", "", "."),
    ]


def test_text_of_an_include_inside_an_include_belongs_to_the_inner_one():
    assert segments("a{% include '_in.md' %}z") == [
        ("template", "", "a"),
        ("partial", "_t.md", "<"),
        ("input", "ticket", "TICKET"),
        ("partial", "_t.md", ">"),
        ("template", "", "z"),
    ]


def test_a_block_of_a_base_template_and_what_calls_it_again_share_the_least_trusted_origin():
    found = segments_of(
        rendered(
            FRONT + "{% extends '_base.md' %}{% block a %}mine {{ super() }}{{ examples }}{% endblock %}",
            INPUTS,
            FILES,
        )
    )
    assert found[:3] == [
        ("partial", "_base.md", "base "),
        ("template", "", "mine "),
        ("document", "d", "DOC"),
    ]
    again = segments("{% block b %}{{ documents.d }}{% endblock %}-{{ self.b() }}")
    assert [origin for origin, _, _ in again] == ["document", "template", "document"]


def test_a_segment_knows_where_it_is_written():
    context = rendered(
        "---\ninputs: {a: x}\n---\nuser:\nHi\n{{ a }}\n{% include '_p.md' %}", {}, {"prompts/_p.md": "P"}
    )
    assert [str(segment.place) for segment in context.segments[0]] == [
        "prompts/p.md:5",
        "prompts/p.md:6",
        "prompts/p.md:6",
        "prompts/_p.md:1",
    ]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(template=TEMPLATES, values=VALUES, document=DOCUMENT_TEXTS)
def test_no_text_is_ever_shown_as_more_trusted_than_it_is(template, values, document):
    context = context_of(template, values, document)
    for number in range(len(context.messages)):
        for origin, _, text in segments_of(context, number):
            if DOCUMENT in text:
                assert origin == "document"
            elif INPUT in text:
                assert origin in ("input", "document")
