"""The prompts of this repository are a working project: they parse, render and stay small."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

import workbench
from workbench.bench.bench import Bench
from workbench.context.messages import Context, Origin
from workbench.context.render import Renderer
from workbench.context.sources import unread
from workbench.models.tokens import Tokenizers
from workbench.project.settings import load as load_settings
from workbench.prompts.cases import Case, load_cases
from workbench.prompts.library import Library
from workbench.prompts.version import Version, load_version

ROOT = Path(__file__).parents[2]
LIBRARY = Library(ROOT)
NAMES = LIBRARY.names()
CASES = [(name, case) for name in NAMES for case in load_cases(LIBRARY.tree, name)]


def version(name: str) -> Version:
    return load_version(LIBRARY.tree, name)


def case(name: str, case_name: str) -> Case:
    return next(case for prompt, case in CASES if (prompt, case.name) == (name, case_name))


def rendered(name: str, case: Case) -> Context:
    return Renderer(version(name), "20090521").render(case.inputs, case.place)


def test_the_promised_prompts_are_there() -> None:
    assert {"meetings/summary", "products/extract", "reviews/sentiment", "support/reply"} <= set(NAMES)


def test_the_settings_name_a_model_that_needs_no_key() -> None:
    settings = load_settings(ROOT)
    assert settings.default_models == ("smol",)
    assert settings.models["smol"].model == "local/smollm2-135m"


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_has_a_description_and_cases_that_differ(name: str) -> None:
    hashes = [case.hash for prompt, case in CASES if prompt == name]
    assert version(name).prompt.description
    assert hashes
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case.name}" for name, case in CASES])
def test_every_case_renders_and_uses_all_of_its_inputs(name: str, case: Case) -> None:
    context = rendered(name, case)
    assert unread(version(name), case.inputs) == ()
    assert context.messages[0].role == "system"
    assert context.messages[-1].role == "user"
    assert all(message.content for message in context.messages)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The sample project as the workbench opens it, in a copy of its own."""
    root = tmp_path_factory.mktemp("sample")
    shutil.copytree(ROOT / "prompts", root / "prompts")
    shutil.copy(ROOT / ".workbench.yml", root)
    opened = Bench(root, {}, root / "personal")
    yield opened
    asyncio.run(opened.close())


@pytest.mark.parametrize("name", NAMES)
def test_production_renders_every_case_byte_for_byte_as_the_workbench_does(name: str, bench: Bench) -> None:
    loaded = workbench.load(name, root=bench.root)
    for case in bench.versions.cases(name):
        target, _, shown = bench.previewing.render(name, case.name, {})
        assert loaded.version == target.version.short
        production = [(one["role"], one["content"].encode()) for one in loaded.messages(**case.inputs)]
        assert production == [(one.role, one.content.encode()) for one in shown.messages]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case.name}" for name, case in CASES])
def test_no_context_is_long_for_a_model_that_reads_slowly(name: str, case: Case) -> None:
    encoding = Tokenizers().load("o200k_base")
    contents = [message.content for message in rendered(name, case).messages]
    assert sum(len(encoding.encode(content)) for content in contents) < 1300


def test_the_transcript_is_about_a_thousand_tokens() -> None:
    encoding = Tokenizers().load("o200k_base")
    transcript = version("meetings/summary").documents["transcript"]
    assert 900 <= len(encoding.encode(transcript)) <= 1200


def test_sentiment_expects_each_label_of_several_cases() -> None:
    expected = Counter(case.expect for name, case in CASES if name == "reviews/sentiment")
    assert set(expected) == {"positive", "negative", "mixed"}
    assert min(expected.values()) >= 4


def test_no_example_of_sentiment_is_also_a_case() -> None:
    reviews = {case.inputs["review"] for name, case in CASES if name == "reviews/sentiment"}
    assert not [
        example for example in version("reviews/sentiment").examples if example.inputs["review"] in reviews
    ]


def test_the_examples_of_sentiment_favour_no_label() -> None:
    outputs = Counter(example.output for example in version("reviews/sentiment").examples)
    assert not outputs or (
        set(outputs) == {"positive", "negative", "mixed"} and len(set(outputs.values())) == 1
    )


def test_a_listing_with_role_lines_opens_no_message() -> None:
    pushy = case("products/extract", "pushy listing")
    context = rendered("products/extract", pushy)
    assert [message.role for message in context.messages] == ["system", "user"]
    assert pushy.inputs["listing"] in context.messages[1].content


def test_the_schema_of_extract_is_a_schema() -> None:
    schema = version("products/extract").prompt.schema
    jsonschema.Draft202012Validator.check_schema(schema)
    unknown = {
        "name": "Oak wardrobe",
        "price": None,
        "currency": None,
        "in_stock": None,
        "delivery_days": None,
    }
    jsonschema.validate(unknown, schema)


def test_the_history_of_a_reply_becomes_messages_before_the_new_one() -> None:
    long = case("support/reply", "wrong packets, then weeds")
    messages = rendered("support/reply", long).messages
    assert [message.role for message in messages] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    assert [message.content for message in messages[1:5]] == [
        turn["content"] for turn in long.inputs["history"]
    ]


def test_a_partial_is_shared() -> None:
    readers = [name for name in NAMES if "_plain_words.md" in version(name).partials]
    assert {"meetings/summary", "products/extract"} <= set(readers)
    context = rendered("products/extract", case("products/extract", "plain"))
    assert Origin.PARTIAL in {segment.origin for segment in context.segments[0]}
