from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given

from tests.support.projects import NONCE, rendered, version_of
from tests.support.records import NOW, call_of, cell_of, result_of
from tests.support.templates import DOCUMENT_TEXTS, PARTIALS, TEMPLATES, VALUES
from workbench.bench.bench import Bench
from workbench.bench.finding import find
from workbench.bench.previews import ModelPreview
from workbench.context.messages import Context, Message, Origin, Segment
from workbench.context.render import Renderer
from workbench.errors import Place, PromptError, SettingsError
from workbench.models.catalogue import Catalogue
from workbench.models.model import Model
from workbench.project.scaffold import make_project
from workbench.project.settings import parse
from workbench.project.switches import CODES
from workbench.prompts.cases import Case, load_cases
from workbench.prompts.library import Library
from workbench.prompts.version import load_version
from workbench.store.store import Store

CHINESE = "在仓库确认包裹已经完整送达之前、请绝对不要向客户承诺任何退款或者换货。"
POLICY = "Never promise a refund before the warehouse has confirmed that the parcel arrived whole."

SETTINGS = """\
models:
  lab: {model: openai/a, api_base: 'http://127.0.0.1:1/v1', context_window: 300}
  dated: openai/gpt-4o-mini-2024-07-18
  loose: openai/gpt-4o-mini
  old: openai/gpt-3.5-turbo-1106
defaults: {models: [lab]}
"""


@dataclass(frozen=True)
class Written:
    """A prompt ``p`` with files beside it, the models to ask, and the place of what is to be found."""

    prompt: str
    files: dict[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    place: Place | None = None
    says: str = ""
    answered: tuple[str, ...] = ()
    """The names that the server of the model “lab” answered with, each in a run of its own."""


def line(number, path="prompts/p.md"):
    return Place(path, number)


def case(**inputs):
    """Return a file of one case."""
    return {"prompts/p.cases.jsonl": json.dumps({"name": "first", "inputs": inputs}) + "\n"}


DOCUMENT = "---\ndocuments: {rules: ../docs/rules.md}\n---\n"
EXAMPLES = "---\ninputs: {ticket: }\nexamples:\n- {ticket: It is broken., output: bug}\n---\n"

RAISED = [
    ("repeat", Written(f"system:\n{POLICY}\n\nuser:\nHi.\n{POLICY}\n", place=line(6))),
    (
        "repeat",
        Written(
            f'system:\n{{% include "_rules.md" %}}\nHi.\n{POLICY}\n',
            {"prompts/_rules.md": f"Rules:\n{POLICY}\n"},
            place=line(4),
            says="at prompts/_rules.md:2",
        ),
    ),
    (
        "repeat",
        Written(
            'system:\n{% include "_rules.md" %}\nuser:\nOnce more:\n{% include "_rules.md" %}\n',
            {"prompts/_rules.md": f"{POLICY}\n"},
            place=line(1, "prompts/_rules.md"),
        ),
    ),
    (
        "repeat",
        Written(
            'system:\n{% include "./_rules.md" %}\nuser:\nOnce more:\n{% include "./_rules.md" %}\n',
            {"prompts/_rules.md": f"{POLICY}\n"},
            place=line(1, "prompts/_rules.md"),
        ),
    ),
    (
        "repeat",
        Written(
            f"{DOCUMENT}<rules>{{{{ documents.rules }}}}</rules>\nUser says:\n{{{{ ticket }}}}\n",
            {"docs/rules.md": f"Rules. {POLICY} Thanks.", **case(ticket=f"I read: {POLICY}")},
            place=line(6),
            says="in the document “rules” and again in the input “ticket”",
        ),
    ),
    ("repeat", Written("{{ ticket }}\n---\n{{ ticket }}\n", case(ticket=POLICY), place=line(3))),
    (
        "repeat",
        Written(
            f"system:\n{CHINESE}\nuser:\n你好。\n{CHINESE}\n",
            place=line(5),
            says="“在仓库确认包裹已经完整送 …”",
        ),
    ),
    (
        "repeat",
        Written(
            "---\nexamples:\n"
            f"- {{a: x, output: '{POLICY}'}}\n- {{a: y, output: 'So: {POLICY}'}}\n---\n{{{{ a }}}}",
            case(a="z"),
            place=line(4),
            says="in example 1 and again in example 2",
        ),
    ),
    (
        "repeat",
        Written(
            "---\ninputs: {talk: {kind: turns}}\n---\n{{ talk }}\n",
            case(
                talk=[{"role": "user", "content": POLICY}, {"role": "assistant", "content": f"So: {POLICY}"}]
            ),
            place=line(4),
        ),
    ),
    ("unused-input", Written("---\ninputs:\n  a: 1\n  tone: 2\n---\n{{ a }} tone\n", place=line(4))),
    ("unused-input", Written("---\ninputs: {a: 1}\n---\n{% set a = 1 %}{{ a }}\n", place=line(2))),
    (
        "unused-input",
        Written("---\ninputs: {a: 1}\n---\n{% for a in [5 % 3] %}{{ a }}{% endfor %}", place=line(2)),
    ),
    (
        "unused-input",
        Written(
            "---\ninputs: {a: 1}\n---\n{% macro m(b='%', a=0) %}{{ a }}{% endmacro %}{{ m(2) }}",
            place=line(2),
        ),
    ),
    (
        "unused-input",
        Written("---\ninputs: {a: 1}\n---\n{% with a = 2 %}{{ a }}{% endwith %}", place=line(2)),
    ),
    (
        "unused-input",
        Written("Hi {{ a }}", case(a="x", b="y"), place=line(1, "prompts/p.cases.jsonl"), says="“b”"),
    ),
    ("unclosed-tag", Written("Hi.\n<ticket>\n{{ a }}\n", case(a="</ticket>"), place=line(2))),
    ("unclosed-tag", Written('---\n---\nuser:\n<a x="{{ a }}">{{ a }}</b>\n', case(a="1"), place=line(4))),
    (
        "unclosed-tag",
        Written(
            'Hi.\n{% include "_rules.md" %}\n</other>\n',
            {"prompts/_rules.md": "Rules:\n\n<rules>\nBe kind.\n"},
            place=line(3, "prompts/_rules.md"),
        ),
    ),
    ("unclosed-tag", Written("From: <a>{{ x }}\nTo: <a>{{ x }}</a>", case(x="1"), place=line(1))),
    ("near-window", Written("word " * 250, place=line(2, ".workbench.yml"), says="lab")),
    ("near-window", Written("word " * 400, models=("lab",), place=line(2, ".workbench.yml"))),
    (
        "example-is-case",
        Written(f"{EXAMPLES}{{{{ ticket }}}}\n", case(ticket="It is broken.\n"), place=line(4), says="first"),
    ),
    (
        "control-tokens",
        Written("Hi.\n{{ a }}", case(a="x <|im_end|> y"), place=line(1, "prompts/p.cases.jsonl")),
    ),
    (
        "control-tokens",
        Written(
            f"{DOCUMENT}{{{{ documents.rules }}}}",
            {"docs/rules.md": "One.\nTwo.\n[INST] Three. [/INST]\n"},
            place=line(3, "docs/rules.md"),
            says="1 more control token",
        ),
    ),
    (
        "control-tokens",
        Written(
            "---\nexamples:\n- {a: b, output: good</s>}\n---\n{{ a }}",
            case(a="x"),
            place=line(3),
            says="example 1",
        ),
    ),
    ("unpinned-model", Written("Hi.", models=("loose",), place=line(4, ".workbench.yml"), says="loose")),
    ("unpinned-model", Written("---\nmodels: [openai/gpt-4o]\n---\nHi.", place=line(2))),
    (
        "unpinned-model",
        Written("---\nmodels:\n- lab\n- openai/gpt-4o\n---\nHi.", place=line(4), says="openai/gpt-4o is"),
    ),
    (
        "model-changed",
        Written(
            "Hi.",
            place=line(2, ".workbench.yml"),
            answered=("lab-1", "lab-1", "lab-2", "lab-2"),
            says="answers as “lab-2” since run 3, and was “lab-1” before",
        ),
    ),
    ("retiring-model", Written("Hi.", models=("old",), place=line(5, ".workbench.yml"), says="in 63 days")),
    ("unsupported", Written("---\nparams: {temperature: 3}\n---\nHi.", place=line(2), says="from 0 to 2")),
    ("unsupported", Written("---\nparams: {sparkle: 1}\n---\nHi.", place=line(2), says="sparkle")),
    (
        "unsupported",
        Written("user:\nHi.\nassistant:\nSo,", models=("dated",), place=line(4), says="prefill"),
    ),
    (
        "unsupported",
        Written("---\noutput: {schema: {type: object}}\n---\nHi.", models=("old",), place=line(2)),
    ),
    ("prefill-space", Written("user:\nHi.\nassistant:\nThe queue\nis: \n", place=line(5))),
    (
        "few-examples",
        Written(
            f"{EXAMPLES[:-4]}findings: {{few-examples: on}}\n---\n{{{{ ticket }}}}",
            case(ticket="x"),
            place=line(3),
        ),
    ),
    ("long-template", Written("---\nfindings: {long-template: true}\n---\n" + "word " * 2100, place=line(4))),
]

QUIET = [
    ("repeat", Written(f"system:\n{POLICY}\n\nuser:\nHi.\n{POLICY[16:]}\n")),
    (
        "repeat",
        Written(f"{{% for a in [1, 2, 3] %}}\n{POLICY}\n{{% endfor %}}\n"),
    ),
    ("repeat", Written(f"{{% for a in [1, 2, 3] %}}{{{{ a }}}} {POLICY} {{% endfor %}}\n")),
    (
        "repeat",
        Written(
            '{% for a in [1, 2] %}\n{% include "_rules.md" %}\n{% endfor %}\n',
            {"prompts/_rules.md": f"{POLICY}\n{POLICY[:30]}\n"},
        ),
    ),
    (
        "repeat",
        Written(
            '{% for a in [1, 2] %}\n{% include "_outer.md" %}\n{% endfor %}\n',
            {
                "prompts/_outer.md": '{% if a == 1 %}{% include "_rules.md" %}{% else %}'
                '{% include "_rules.md" %}{% endif %}',
                "prompts/_rules.md": f"{POLICY}\n",
            },
        ),
    ),
    (
        "repeat",
        Written(
            "---\nexamples:\n- {ticket: One., output: a}\n- {ticket: Two., output: b}\n"
            "documents: {rules: ../docs/rules.md}\n---\n"
            f"user:\n{POLICY}\n{{{{ documents.rules }}}}\n{{{{ ticket }}}}\n",
            {"docs/rules.md": POLICY[::-1], **case(ticket="Three.")},
        ),
    ),
    (
        "repeat",
        Written(
            f"{{% macro card(a) %}}{POLICY} {{{{ a }}}}{{% endmacro %}}"
            "{% for a in ['x', 'y'] %}{{ card(a) }}\n{% endfor %}"
        ),
    ),
    ("repeat", Written("0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n")),
    (
        "repeat",
        Written(
            "system:\n哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈\nuser:\n" + "哈" * 40
        ),
    ),
    ("repeat", Written("{{ ticket }}", case(ticket=f"{POLICY}\n> {POLICY}"))),
    (
        "unused-input",
        Written('---\ninputs: {a: 1}\n---\n{% include "_a.md" %}', {"prompts/_a.md": "{{ a }}"}),
    ),
    ("unused-input", Written("---\ninputs: {talk: {kind: turns}}\n---\n{{ talk }}\n", case(talk=[]))),
    ("unused-input", Written("---\ninputs: {a: 1}\n---\n{% if a is defined %}x{% endif %}")),
    ("unused-input", Written("---\ninputs: {a: 1}\n---\n{% set a = a + 1 %}{{ a }}")),
    ("unused-input", Written("---\ninputs: {a: 1}\n---\n{% for b in [a] %}{{ b }}{% endfor %}")),
    ("unused-input", Written("---\ninputs: {a: 1}\n---\n{% for a in [1] %}{{ a }}{% endfor %}{{ a }}")),
    ("unused-input", Written("---\ninputs: {a: 1, b: 0}\n---\n{% if b %}{% set a = 2 %}{% endif %}{{ a }}")),
    (
        "unused-input",
        Written(
            '---\ninputs: {a: 1}\n---\n{% if 0 %}{% include "_a.md" %}{% endif %}',
            {"prompts/_a.md": "{% set b = a %}{{ b | no_such_filter }}"},
        ),
    ),
    ("unclosed-tag", Written("<a>\n<b/>\n<br>\n<img src='x'>\n<c\n d='1'>{{ x }}</c>\n</a>", case(x="<z>"))),
    ("unclosed-tag", Written("`<a>` and\n```xml\n<b>\n```\n~~~\n<c>\n~~~\n<!-- <d> -->")),
    (
        "unclosed-tag",
        Written("a < b, a<b> c, List<int>, <|x|>, <https://a.example/b>, <ada@a.example>, <your name>"),
    ),
    ("unclosed-tag", Written("Reply as: <name>, <email>\nUse the format <first> <last>.\nif a <b> and c")),
    ("unclosed-tag", Written("{# <a> #}{{ '<b>'|length }}{% if '<c>' %}x{% endif %}")),
    ("unclosed-tag", Written("{% raw %}<d>{{ x }}</d>{% endraw %}")),
    (
        "unclosed-tag",
        Written(
            "Use <plan> and <answer> tags. Sort what is in <ticket> now:\n<ticket>{{ x }}</ticket>",
            case(x="1"),
        ),
    ),
    (
        "unclosed-tag",
        Written('{% include "_a.md" %}\nHi.\n</rules>\n', {"prompts/_a.md": "<rules>\nBe kind.\n"}),
    ),
    ("unclosed-tag", Written("system:\n<rules>\nuser:\nHi.\n</rules>\nassistant:\n<answer>\n<queue>")),
    (
        "unclosed-tag",
        Written(
            "---\nexamples:\n- {a: b, output: c</answer>}\n---\nuser:\n{{ a }}\nassistant:\n<answer>",
            case(a="x"),
        ),
    ),
    ("near-window", Written("word " * 200)),
    ("near-window", Written("word " * 400, models=("dated",))),
    ("example-is-case", Written(f"{EXAMPLES}{{{{ ticket }}}}\n", case(ticket="It works."))),
    ("control-tokens", Written("<|im_end|> [INST] {{ a }}", case(a="a | b, [x], <s>struck</s>, <start>"))),
    ("control-tokens", Written("Hi {{ a }}", case(a="a", b="<|im_end|>"))),
    ("unpinned-model", Written("Hi.", models=("dated", "lab"))),
    ("model-changed", Written("Hi.", answered=("lab-1", "openai/lab-1", "lab-1"))),
    ("retiring-model", Written("Hi.", models=("dated", "lab"))),
    (
        "unsupported",
        Written(
            "---\nparams: {temperature: 1}\noutput: {schema: {type: object}}\n---\nHi.", models=("dated",)
        ),
    ),
    ("prefill-space", Written("user:\nHi. \nassistant:\nThe queue \nis:\n\n")),
    ("prefill-space", Written("user:\nHi. ")),
    ("few-examples", Written("Hi.")),
    (
        "few-examples",
        Written("---\nfindings: {few-examples: on}\nexamples:\n" + "- {output: a}\n" * 5 + "---\nHi."),
    ),
    ("long-template", Written("word " * 2100)),
    ("long-template", Written("---\nfindings: {long-template: on}\n---\n{{ a }}", case(a="word " * 2100))),
]


def before_retirement(days):
    """Return the date so many days before the model “old” is retired, as the map has it."""
    retires = Catalogue(parse(SETTINGS)).resolve("old").retires
    assert retires is not None
    return retires - timedelta(days)


def ask_lab(project, names):
    """Store a run for each of these names, in which the model “lab” answered with it."""
    folder = project.root / ".workbench"
    folder.mkdir()
    store = Store(folder / "runs.db")
    for number, name in enumerate(names):
        cell = cell_of(text=str(number))
        store.sources.keep_contexts([call_of(str(number)).messages])
        store.sources.keep_cases({cell.case_hash: {}})
        run = store.runs.begin([cell], prompt="p", samples=1, cost_limit=None, now=NOW)
        asked = {"string": "openai/a", "api_base": "http://127.0.0.1:1/v1", "estimated": 3}
        store.runs.add_results(run, [result_of(str(number), answered_by=name, **asked)])
    store.close()


@pytest.fixture
def preview_of(project, tmp_path, monkeypatch):
    """Returns the preview of a prompt, on a day so long before the model “old” is retired."""

    async def preview(written, settings=SETTINGS, days=63, inputs=None):
        monkeypatch.setattr("workbench.bench.bench.today", lambda: before_retirement(days))
        project.write(".workbench.yml", settings)
        for path, text in {"prompts/p.md": written.prompt, **written.files}.items():
            project.write(path, text.encode())
        if written.answered:
            ask_lab(project, written.answered)
        bench = Bench(project.root, {}, tmp_path / "personal")
        try:
            return await bench.previewing.preview("p", inputs=inputs, models=written.models)
        finally:
            await bench.close()

    return preview


@pytest.mark.parametrize(("code", "written"), RAISED)
async def test_a_finding_is_raised_once_with_its_place_and_what_to_do(code, written, preview_of):
    preview = await preview_of(written)
    (found,) = (finding for finding in preview.findings if finding.code == code)
    assert found.place == written.place
    assert written.says in found.message
    assert "\n" not in found.message
    if found.at is not None:
        message, offset = found.at
        assert 0 <= offset <= len(preview.shown.messages[message].content)


@pytest.mark.parametrize(("code", "written"), QUIET)
async def test_a_finding_is_not_raised_where_there_is_none(code, written, preview_of):
    preview = await preview_of(written)
    assert [finding for finding in preview.findings if finding.code == code] == []


def test_every_finding_is_proven_by_a_prompt_that_has_it_and_one_that_has_not():
    assert {code for code, _ in RAISED} == {code for code, _ in QUIET} == set(CODES)


@pytest.mark.parametrize(
    ("days", "says"),
    [(90, "in 90 days"), (1, "in 1 day:"), (0, "retires today"), (-1, "was retired on"), (91, None)],
)
async def test_a_model_is_told_ninety_days_before_it_is_retired_and_from_then_on(days, says, preview_of):
    preview = await preview_of(Written("Hi.", models=("old",)), days=days)
    told = [finding.message for finding in preview.findings if finding.code == "retiring-model"]
    assert (says is None and not told) or says in told[0]


@pytest.mark.parametrize(
    ("in_project", "in_file", "told"),
    [
        ("", "", True),
        ("unused-input: off", "", False),
        ("unused-input: false", "", False),
        ("", "unused-input: off", False),
        ("unused-input: off", "unused-input: on", True),
        ("unused-input: true", "unused-input: false", False),
    ],
)
async def test_a_switch_turns_a_finding_off_and_on_and_that_of_the_file_wins(
    in_project, in_file, told, preview_of
):
    prompt = f"---\ninputs: {{a: 1}}\nfindings: {{{in_file}}}\n---\nHi."
    settings = f"{SETTINGS}findings: {{{in_project}}}\n"
    preview = await preview_of(Written(prompt), settings)
    assert [finding.code for finding in preview.findings] == ["unused-input"] * told


async def test_what_is_off_unless_asked_for_is_asked_for_in_the_project_too(preview_of):
    settings = f"{SETTINGS}findings: {{few-examples: on}}\n"
    preview = await preview_of(Written("Hi."), settings)
    (found,) = preview.findings
    assert (found.code, found.place) == ("few-examples", line(1))
    assert "no examples" in found.message


@pytest.mark.parametrize(
    ("switches", "message", "hint"),
    [
        ("{repeats: off}", "there is no finding “repeats”", "Did you mean “repeat”?"),
        ("{repeat: 0}", "“repeat” must be on or off, not 0", "repeat: off"),
        ("{repeat: maybe}", "“repeat” must be on or off, not 'maybe'", "repeat: off"),
        ("{repeat: }", "“repeat” must be on or off, not None", "repeat: off"),
        ("[repeat]", "“findings” must be a mapping of keys to values, not ['repeat']", None),
    ],
)
async def test_a_switch_that_is_none_is_an_error_with_its_place(switches, message, hint, preview_of):
    prompt = Written(f"---\ndescription: x\nfindings: {switches}\n---\nHi.")
    with pytest.raises(PromptError) as in_file:
        await preview_of(prompt)
    with pytest.raises(SettingsError) as in_project:
        await preview_of(Written("Hi."), f"findings: {switches}\n{SETTINGS}")
    assert (in_file.value.message, in_file.value.hint, in_file.value.place) == (message, hint, line(3))
    assert (in_project.value.message, in_project.value.hint) == (message, hint)
    assert in_project.value.place == line(1, ".workbench.yml")


def test_switches_are_no_part_of_a_version():
    plain, switched = version_of("Hi."), version_of("---\nfindings: {repeat: off}\n---\nHi.")
    assert plain.hash == switched.hash


async def test_what_a_finding_tells_is_not_a_warning_too_but_what_was_typed_still_is(preview_of):
    written = Written("Hi {{ a }}", case(a="x", b="y"))
    assert (await preview_of(written)).warnings == ()
    (warning,) = (await preview_of(written, inputs={"a": "x", "b": "y"})).warnings
    assert "“b”" in warning


async def test_a_finding_that_is_switched_off_does_not_come_back_as_a_warning(preview_of):
    off = f"{SETTINGS}findings: {{unused-input: off}}\n"
    preview = await preview_of(Written("Hi {{ a }}", case(a="x", b="y")), off)
    assert (preview.findings, preview.warnings) == ((), ())


async def test_a_name_that_the_template_only_sets_is_no_use_of_an_input(preview_of):
    written = Written("{% set b = 1 %}Hi {{ a }}", case(a="x", b="y"))
    assert [finding.code for finding in (await preview_of(written)).findings] == ["unused-input"]
    (warning,) = (await preview_of(written, inputs={"a": "x", "b": "y"})).warnings
    assert "“b”" in warning


async def test_findings_count_messages_as_the_first_model_receives_them():
    context = rendered("user:\nHi.\nassistant:\nSo \n")
    engine = Context(
        (Message("system", "You are."), *context.messages),
        ((Segment(Origin.ENGINE, "", 0, 8),), *context.segments),
    )
    model = ModelPreview(Model("lab", "openai/a", api_base="http://127.0.0.1:1/v1"), {}, engine, None, None)
    found = find(version_of("Hi."), None, context, [model], {}, before_retirement(0))
    assert [(finding.code, finding.at) for finding in found] == [("prefill-space", (2, 2))]


def test_without_a_count_no_template_is_long_and_no_window_full():
    version = version_of("---\nfindings: {long-template: on}\n---\n" + "word " * 3000)
    context = Renderer(version, NONCE).render({})
    model = Model("lab", "openai/a", window=10, api_base="http://127.0.0.1:1/v1")
    found = find(
        version, None, context, [ModelPreview(model, {}, context, None, None)], {}, before_retirement(0)
    )
    assert found == ()


@pytest.mark.parametrize("folder", ["sample", "made by init"])
def test_the_prompts_that_come_along_raise_nothing_with_any_of_their_cases(folder, tmp_path):
    root = Path(__file__).parents[2] if folder == "sample" else tmp_path
    if folder != "sample":
        make_project(root)
    library = Library(root)
    for name in library.names():
        version = load_version(library.tree, name)
        for case in load_cases(library.tree, name):
            context = Renderer(version, NONCE).render(case.inputs, case.place)
            found = find(version, case, context, [], {}, before_retirement(0))
            assert (name, case.name, found) == (name, case.name, ())


@given(TEMPLATES, VALUES, DOCUMENT_TEXTS)
def test_whatever_is_written_a_finding_is_about_a_line_and_a_passage_that_there_are(template, values, text):
    front = "---\ndocuments: {d: ../d.txt}\nfindings: {few-examples: on}\n---\n"
    files = {f"prompts/{name}": partial.encode() for name, partial in PARTIALS.items()}
    source = f"{front}{template}\n<a>{POLICY}\n{template}{POLICY}"
    version = version_of(source.encode(), {**files, "d.txt": text.encode()})
    case = Case("first", values, place=Place("prompts/p.cases.yml", 1))
    try:
        context = Renderer(version, NONCE).render(values)
    except PromptError:
        return  # what cannot be rendered has no context
    lines = {path: content.decode().count("\n") + 1 for path, content in version.files.items()}
    for finding in find(version, case, context, [], {}, before_retirement(0)):
        assert finding.place is not None and finding.place.line is not None
        assert 1 <= finding.place.line <= lines.get(finding.place.path, 1)
        if finding.at is not None:
            message, offset = finding.at
            assert 0 <= offset <= len(context.messages[message].content)
