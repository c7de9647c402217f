from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from tests.context.test_render import context_of, made_up
from tests.support.projects import NONCE, rendered, segments_of, version_of
from tests.support.templates import DOCUMENT_TEXTS, PARTIALS, PIECES, TEMPLATES, VALUES
from workbench.context.render import Renderer
from workbench.context.sections import Sections
from workbench.errors import Place, PromptError, WorkbenchError
from workbench.models.catalogue import Catalogue
from workbench.models.tokens import Tokenizers
from workbench.project.settings import Settings
from workbench.prompts.version import Example

TOKENIZERS = Tokenizers()
GPT = Catalogue(Settings()).resolve("openai/gpt-4o")
EXAMPLE = "丙"  # a character that only examples hold
CASE = Place("prompts/p.cases.yml", 7)
SLOW = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sources(context, number=-1):
    """Return text, place and source of each segment of one message."""
    content = context.messages[number].content
    return [
        (content[segment.start : segment.end], str(segment.place), str(segment.source))
        for segment in context.segments[number]
    ]


def lines(context, number=-1):
    """Return the text of each stretch of a message that was written on one line, and where."""
    found: list[tuple[str, str]] = []
    for offset, letter in enumerate(context.messages[number].content):
        place = str(context.written_at(len(context.messages) + number if number < 0 else number, offset))
        if found and found[-1][1] == place:
            found[-1] = (found[-1][0] + letter, place)
        else:
            found.append((letter, place))
    return found


def test_an_input_comes_from_its_case_from_its_default_or_from_nowhere():
    version = version_of(
        """
        ---
        inputs:
          ticket:
          tone: {default: kind}
        ---
        {{ ticket }}|{{ tone }}
        """
    )
    given_by_case = Renderer(version, NONCE).render({"ticket": "x"}, CASE)
    assert sources(given_by_case) == [
        ("x", "prompts/p.md:6", "prompts/p.cases.yml:7"),
        ("|", "prompts/p.md:6", "None"),
        ("kind", "prompts/p.md:6", "prompts/p.md:4"),
    ]
    typed = Renderer(version, NONCE).render({"ticket": "x", "tone": "stern"})
    assert [source for _, _, source in sources(typed)] == ["None", "None", "None"]


def test_a_document_comes_from_its_file_and_a_partial_from_where_it_is_written():
    context = rendered(
        """
        ---
        documents: {d: ../docs/d.md}
        ---
        {% set kept %}{% include "_p.md" %}{% endset %}
        {{ documents.d }}
        {% include "./sub/../_p.md" %}
        {{ kept }}
        """,
        {},
        {"docs/d.md": "D\nE", "prompts/_p.md": "{# note #}\nP\n"},
    )
    assert sources(context) == [
        ("D\nE", "prompts/p.md:5", "docs/d.md:1"),
        ("\n", "prompts/p.md:5", "None"),
        ("P\n", "prompts/_p.md:2", "prompts/_p.md:2"),
        ("P", "prompts/p.md:7", "prompts/_p.md:1"),
    ]


def test_an_example_comes_from_its_own_line():
    prompt = """
        ---
        inputs: {ticket: , tone: kind}
        examples:
          - {ticket: a, output: one}
          - {ticket: b, output: two}
        ---
        user:
        {{ ticket }}/{{ tone }}
        assistant:
        So:
        """
    context = Renderer(version_of(prompt), NONCE).render({"ticket": "x"}, CASE)
    assert sources(context, 2) == [
        ("b", "prompts/p.md:8", "prompts/p.md:5"),
        ("/", "prompts/p.md:8", "None"),
        ("kind", "prompts/p.md:8", "prompts/p.md:2"),
    ]
    assert sources(context, 3) == [
        ("So:", "prompts/p.md:10", "None"),
        ("two", "prompts/p.md:5", "prompts/p.md:5"),
    ]
    assert lines(context, 3) == [("So:", "prompts/p.md:10"), ("two", "prompts/p.md:5")]
    assert sources(context, 4)[0] == ("x", "prompts/p.md:8", "prompts/p.cases.yml:7")


def test_the_list_of_examples_comes_from_the_first_of_them():
    files = {"prompts/e.jsonl": b'\n{"output": "one"}\n{"output": "two"}'}
    context = rendered("---\nexamples: e.jsonl\n---\n{{ examples[1].output }}", {}, files)
    assert sources(context) == [("two", "prompts/p.md:4", "prompts/e.jsonl:2")]


def test_a_conversation_comes_from_its_case_and_is_written_on_its_line():
    version = version_of(
        """
        ---
        inputs:
          talk: {kind: turns}
        ---
        system:
        Be kind.

        {{ talk }}
        And go on.
        """
    )
    talk = [{"role": "user", "content": "Hi\nyou"}]
    context = Renderer(version, NONCE).render({"talk": talk}, CASE)
    assert sources(context, 1) == [("Hi\nyou", "prompts/p.md:8", "prompts/p.cases.yml:7")]
    assert lines(context, 1) == [("Hi\nyou", "prompts/p.md:8")]
    assert lines(context, 2) == [("And go on.", "prompts/p.md:9")]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("a\nb\n\nc", [("a\n", 1), ("b\n", 2), ("\n", 3), ("c", 4)]),
        ("a {{ x }}\nb", [("a 1\n2\n", 1), ("b", 2)]),
        ("a\n{{\n  x\n  | upper }}\nb", [("a\n", 1), ("1\n2", 3), ("\n", 4), ("b", 5)]),
        ("{{ 'p\n  q' }}\nb", [("p\n  q", 1), ("\n", 2), ("b", 3)]),
        ("{% if x %}\na\n{% endif %}\nb", [("a\n", 2), ("b", 4)]),
        ("{% if x -%}\n\n  a\n\n{%- endif -%}\n\nb", [("a", 3), ("b", 7)]),
        ("  {% if x %}  \n  a\n  {% endif %}\n  b", [("  \n", 1), ("  a\n", 2), ("  b", 4)]),
        ("{# one\ntwo #}\na\n{#- three -#}\n\nb", [("a", 3), ("b", 6)]),
        ("{% raw %}\n{{ a }}\n{% endraw %}\nb", [("\n", 1), ("{{ a }}\n", 2), ("b", 4)]),
        (
            "{% for i in '12' %}\n{{ i }}\nb\n{% endfor %}",
            [("1\n", 2), ("b\n", 3), ("2\n", 2), ("b", 3)],
        ),
        ("\\user:\na", [("user:\n", 1), ("a", 2)]),
        ("{% set k %}\na\nb\n{% endset %}\n\n{{ k }}c", [("\n", 5), ("a\nb\nc", 6)]),
        ("{% macro m() %}\na\nb{% endmacro %}\n{{ m() }}", [("a\nb", 4)]),
        ("{% filter upper %}\na\nb{% endfilter %}\nc", [("A\nB", 1), ("c", 4)]),
        ("{{ 'a\\nb' }}\nc", [("a\nb\n", 1), ("c", 2)]),
        ("{% with v = x %}\na\n{{ v }}\n{% endwith %}\nb", [("a\n", 2), ("1\n2\n", 3), ("b", 5)]),
        ("{% autoescape true %}\na\n{{ x }}\n{% endautoescape %}", [("a\n", 2), ("1\n2", 3)]),
    ],
)
def test_text_is_written_on_the_line_it_stands_on_and_output_where_its_expression_is(template, expected):
    found = lines(rendered(template.encode(), {"x": "1\n2"}))
    assert found == [(text, f"prompts/p.md:{line}") for text, line in expected]


def test_text_after_a_role_line_is_written_on_its_own_line_in_a_partial_too():
    context = rendered(
        b"---\ndescription: x\n---\nsystem:\n\nOne\nuser:\nTwo\n{% include '_a.md' %}\nlast",
        {},
        {"prompts/_a.md": b"A\nassistant:\nB\n{% include '_b.md' %}\nC\n", "prompts/_b.md": b"\nD\nE"},
    )
    assert [lines(context, number) for number in range(3)] == [
        [("\n", "prompts/p.md:5"), ("One", "prompts/p.md:6")],
        [("Two\n", "prompts/p.md:8"), ("A", "prompts/_a.md:1")],
        [
            ("B\n", "prompts/_a.md:3"),
            ("\n", "prompts/_b.md:1"),
            ("D\n", "prompts/_b.md:2"),
            ("E", "prompts/_b.md:3"),
            ("C\n", "prompts/_a.md:5"),
            ("last", "prompts/p.md:10"),
        ],
    ]


def test_nothing_is_written_where_there_is_no_message():
    context = rendered("Hi")
    assert str(context.written_at(0, 99)) == "prompts/p.md:1", "the end of a message is on its last line"
    assert context.written_at(0, -1) is context.written_at(1, 0) is context.written_at(-1, 0) is None
    assert replace(context, written=()).written_at(0, 0) is None


@pytest.mark.parametrize(
    "wrong", ["{{ x|nofilter }}", "{{ nothing }}", "{{ 1 / 0 }}", "{% include '_wrong.md' %}"]
)
def test_what_fails_far_down_a_long_template_is_told_with_its_line(wrong):
    prose = "A paragraph of plain words, which says nothing in particular.\n\n" * 100
    version = version_of(f"{prose}{wrong}\n{prose}".encode(), {"prompts/_wrong.md": "\n\n{{ nothing }}"})
    renderer = Renderer(version, NONCE)
    for _ in range(2):
        with pytest.raises(PromptError) as caught:
            renderer.render({"x": "y"})
        assert str(caught.value.place) == (
            "prompts/_wrong.md:2" if "include" in wrong else "prompts/p.md:201"
        )


FRONT = "---\ninputs: {ticket: , items: }\n---\n"
SIGN = "‡"
LINES = {
    "_lines.md": "‡\n{{ ticket }}\n‡\n\n  ‡{% include '_within.md' %}‡\nassistant:\n\n‡\n",
    "_within.md": "{# note\n #}\n‡ ‡\n{%- if ticket %}\n\n‡\n{% endif %}",
}
STRAIGHT = st.sampled_from(
    [
        *(
            "‡",
            "‡\n",
            "\n‡\n\n",
            "  ‡ ",
            "a ‡ paragraph\nof ‡ several\nlines ‡\n\n",
            "\nuser:\n",
            "\nsystem:\n\n",
        ),
        *("{{ ticket }}", "{{- ticket -}}", "{{\n  ticket\n  | upper\n}}\n", "{{ 'a\nb' }}", "{# a\n b #}\n"),
        *("{#- ‡ -#}\n", "{% raw %}{{ a }}\n‡{% endraw %}", "{% include '_lines.md' %}", "\n\\user:\n"),
        *("{% include '_within.md' %}\n", "{% set x %}a\nb{% endset %}\n{{ x }}", "{% set y = ticket %}\n"),
    ]
)


def around(inner):
    forms = [
        "{% if ticket or true %}\n#\n{% endif %}\n",
        "{%- if true -%}\n  #  \n{%- endif %}",
        "  {% for item in items %}\n  ‡ #{{ item }}\n  {% endfor %}\n",
        "{% with v = ticket %}#{{ v }}{% endwith %}",
        "{%+ if true %}#{% endif +%}\n",
        "{% autoescape true %}#\n{{ ticket }}{% endautoescape -%}\n\n",
    ]
    return st.builds(lambda form, body: form.replace("#", body), st.sampled_from(forms), inner)


def numbered(text, prefix):
    numbers = iter(range(10**6))
    return re.sub(SIGN, lambda _: f"{SIGN}{prefix}{next(numbers)}{SIGN}", text)


@SLOW
@given(
    pieces=st.lists(STRAIGHT | around(st.lists(STRAIGHT, max_size=3).map("".join)), max_size=8),
    ticket=st.sampled_from(["", "x", "\n", "a\nuser:\nb\n"]),
    items=st.lists(st.sampled_from(["", "i", "\n"]), max_size=2),
    size=st.sampled_from([1, 10**6]),
)
def test_text_of_a_template_is_always_written_on_the_line_that_holds_it(pieces, ticket, items, size):
    files = {f"prompts/{name}": numbered(text, name[1]) for name, text in LINES.items()}
    files["prompts/p.md"] = FRONT + numbered("".join(pieces), "p")
    version = version_of(
        files["prompts/p.md"].encode(), {path: text.encode() for path, text in files.items()}
    )
    context = Renderer(version, NONCE, Sections(size)).render({"ticket": ticket, "items": items})
    for number, message in enumerate(context.messages):
        for sign in re.finditer(f"{SIGN}.*?{SIGN}", message.content):
            for offset in (sign.start(), sign.end() - 1):
                place = context.written_at(number, offset)
                assert sign[0] in files[place.path].split("\n")[place.line - 1]


def outcome(version, sections, values):
    try:
        context = Renderer(version, NONCE, sections).render(values, CASE)
    except WorkbenchError as error:
        return error.message.partition(" in: ")[0]  # the line of an assignment is one that Jinja2 guesses
    return context.messages, context.segments, [lines(context, at) for at in range(len(context.messages))]


PARAGRAPHS = st.sampled_from(["\nplain words\nand more\n\nof them\n", "end.\nuser:\nStart {{ ticket }}\nend"])
ACROSS = st.sampled_from(
    [
        *(
            "{% set kept = ticket %}",
            "{% if ticket %}{% set kept = 'x' %}{% endif %}",
            "{{ kept|default(note) }}",
        ),
        *(
            "{% set kept = kept|default('') ~ note %}",
            "{% set ns = namespace(a=kept) %}",
            "{% set ns.a = note %}",
        ),
        *("{{ ns.a if ns is defined }}", "{% import '_macros.md' as tools with context %}", "{% break"),
        *(
            "{{ tools.wrap(ticket) if tools is defined }}",
            "{% include '_nested.md' %}",
            "{#",
            "#}",
            "{% endif %}",
        ),
        *("{% macro m() %}{{ kept }}{% endmacro %}", "{{ m() if m is defined }}", "{% if ticket %}", "{{"),
    ]
)
ALL_PARTIALS = "".join(f"{{% include '{name}' %}}" for name in PARTIALS)
LONG = st.lists(ACROSS | TEMPLATES | PARAGRAPHS | PIECES, max_size=10)


@settings(SLOW, max_examples=100)
@given(before=LONG, pieces=LONG, start=st.integers(0, 8), values=VALUES, document=DOCUMENT_TEXTS)
def test_a_template_makes_the_same_context_in_sections_as_in_one(before, pieces, start, values, document):
    whole, sections = made_up(ALL_PARTIALS, document), Sections(1)
    for template in ("".join(before), "".join(pieces), "".join([*pieces[:start], *before, *pieces[start:]])):
        version = replace(whole, prompt=replace(whole.prompt, template=template))
        assert outcome(version, sections, values) == outcome(version, Sections(10**6), values)


@SLOW
@given(
    template=TEMPLATES,
    mention=st.sampled_from(
        ["", "{{ examples[0].output }}", "{% for e in examples %}{{ e.ticket }}{% endfor %}"]
    ),
    values=VALUES,
    shown=st.lists(st.sampled_from(["\nuser:\n", EXAMPLE, "<|im_end|>", "{{ note }}"]), max_size=3).map(
        "".join
    ),
)
def test_what_only_an_example_holds_is_never_shown_as_more_trusted(template, mention, values, shown):
    version = made_up(f"{template}{mention}\nuser:\n{{{{ ticket }}}}", "")
    version = replace(
        version, examples=(Example({"ticket": shown}, f"{EXAMPLE}!", Place("prompts/p.md", 2)),)
    )
    try:
        context = Renderer(version, NONCE).render(values)
    except PromptError:
        reject()
    assert any(EXAMPLE in message.content for message in context.messages) or "ticket" in mention
    for number in range(len(context.messages)):
        for origin, _, text in segments_of(context, number):
            assert EXAMPLE not in text or origin in ("example", "input", "document")


@SLOW
@given(template=TEMPLATES, values=VALUES, document=DOCUMENT_TEXTS)
def test_the_tokens_of_segments_add_up_to_those_of_each_message_byte_for_byte(template, values, document):
    context = context_of(template, values, document)
    count = TOKENIZERS.count(context, GPT)
    encoding = TOKENIZERS.load("o200k_base")
    for number, message in enumerate(context.messages):
        tokens = encoding.encode_ordinary(message.content)
        assert sum(count.segments[number]) == count.messages[number] == len(tokens)
        ends = [len(message.content[: segment.end].encode()) for segment in context.segments[number]]
        own, start = [0] * len(ends), 0
        for token in tokens:
            own[next(at for at, end in enumerate(ends) if start < end)] += 1
            start += len(encoding.decode_single_token_bytes(token))
        assert list(count.segments[number]) == own
