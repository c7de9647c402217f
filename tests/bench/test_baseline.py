"""The baseline: what a text is compared with all the time, rendered and counted once."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.projects import Git, Project
from workbench.bench.baseline import HEAD, LAST_SAVE, Based, Baseline
from workbench.bench.bench import Bench
from workbench.bench.counting import Counting, Past
from workbench.bench.previews import Preview
from workbench.errors import PromptError, RevisionError, StoreError
from workbench.models.correction import Correction
from workbench.models.estimate import Typical

SETTINGS = "models: {mini: openai/gpt-4o-mini}\ndefaults: {models: [mini]}\n"


def project_at(root: Path) -> Project:
    project = Project(root)
    project.write(".workbench.yml", SETTINGS)
    project.write(".gitignore", ".workbench/\n")
    project.write("prompts/triage.md", "system:\nSort.\n\nuser:\n{{ ticket }}\n")
    project.write("prompts/triage.cases.yml", "- {name: card, inputs: {ticket: Card}}\n")
    return project


def commit(root: Path, subject: str = "a change") -> str:
    git = Git(root)
    if not (root / ".git").exists():
        git("init", "-q", "-b", "main")
    return git.commit(subject)


@asynccontextmanager
async def opened(root: Path) -> AsyncIterator[tuple[Bench, Baseline]]:
    bench = Bench(root, os.environ, root / "personal")
    try:
        yield bench, Baseline(bench.previewing, bench.versions, bench.history)
    finally:
        await bench.close()


async def based(
    bench: Bench, baseline: Baseline, base: str = HEAD, unsaved: dict[str, bytes] | None = None
) -> tuple[Based, Preview]:
    preview = await bench.previewing.preview("triage", unsaved=unsaved)
    return await baseline.of(base, preview.target, preview.case, preview.models), preview


def text(project: Project, more: str) -> dict[str, bytes]:
    raw = (project.root / "prompts/triage.md").read_bytes()
    return {"prompts/triage.md": raw.replace(b"Sort.", f"Sort.{more}".encode())}


async def test_tokens_and_price_are_those_of_the_text_less_those_of_head(tmp_path: Path):
    project = project_at(tmp_path)
    commit(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        found, preview = await based(bench, baseline, unsaved=text(project, " Think twice."))
        delta = found.delta(preview.models[0])
        assert delta is not None and delta.tokens == 3 and delta.cost is not None and delta.cost > 0
        assert found.context is not None and found.context.messages[0].content == "Sort."
        found, preview = await based(bench, baseline)
        delta = found.delta(preview.models[0])
        assert found.same and delta is not None and (delta.tokens, delta.cost) == (0, 0)


async def test_head_is_followed_when_it_moves(tmp_path: Path):
    project = project_at(tmp_path)
    commit(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        unsaved = text(project, " Think twice.")
        assert not (await based(bench, baseline, unsaved=unsaved))[0].same
        project.write("prompts/triage.md", unsaved["prompts/triage.md"])
        commit(tmp_path)
        assert (await based(bench, baseline))[0].same


async def test_a_version_is_rendered_once_for_a_case(tmp_path: Path, monkeypatch):
    project = project_at(tmp_path)
    commit(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        await based(bench, baseline, unsaved=text(project, " a"))

        def refuse(*_: object) -> None:
            raise AssertionError("rendered again")

        monkeypatch.setattr(bench.previewing, "render_all", refuse)
        found, _ = await based(bench, baseline, unsaved=text(project, " b"))
        assert found.context is not None


async def test_the_last_save_is_what_is_on_disk(tmp_path: Path):
    project = project_at(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        found, preview = await based(bench, baseline, LAST_SAVE, text(project, " Think twice."))
        delta = found.delta(preview.models[0])
        assert found.label == "last save" and delta is not None and delta.tokens == 3


async def test_any_revision_can_be_compared_with(tmp_path: Path):
    project = project_at(tmp_path)
    first = commit(tmp_path)
    project.write("prompts/triage.md", text(project, " Think twice.")["prompts/triage.md"])
    commit(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        found, preview = await based(bench, baseline, first)
        delta = found.delta(preview.models[0])
        assert found.label == first[:7] and delta is not None and delta.tokens == 3
        found, _ = await based(bench, baseline, "nowhere")
        assert "nowhere" in found.trouble and found.delta(preview.models[0]) is None


async def test_why_there_is_nothing_to_compare_with_is_said_in_few_words(tmp_path: Path):
    project = project_at(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        assert "git" in (await based(bench, baseline))[0].trouble
        Git(tmp_path)("init", "-q", "-b", "main")
        assert (await based(bench, baseline))[0].trouble == "there is no commit yet"
        (tmp_path / "prompts/triage.md").rename(tmp_path / "later.md")
        commit(tmp_path)
        (tmp_path / "later.md").rename(tmp_path / "prompts/triage.md")
        assert (await based(bench, baseline))[0].trouble == "not committed yet"
        good = (tmp_path / "prompts/triage.md").read_bytes()
        project.write("prompts/triage.md", good.replace(b"ticket", b"tickt"))
        commit(tmp_path)
        project.write("prompts/triage.md", good)
        assert (await based(bench, baseline))[0].trouble.startswith("cannot be rendered: ")
        project.write("prompts/triage.md", good + b"{% if %}\n")
        commit(tmp_path)
        project.write("prompts/triage.md", good)
        assert "not a valid template" in (await based(bench, baseline))[0].trouble


def once(monkeypatch: pytest.MonkeyPatch, target: object, name: str, error: Exception) -> None:
    """Let a method fail once."""
    whole = getattr(target, name)

    def failing(*what: object) -> object:
        monkeypatch.setattr(target, name, whole)
        raise error

    monkeypatch.setattr(target, name, failing)


async def test_what_failed_once_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project = project_at(tmp_path)
    commit(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        unsaved = text(project, " Think twice.")
        once(monkeypatch, bench.previewing, "render_all", PromptError("rendering takes too long"))
        found, _ = await based(bench, baseline, unsaved=unsaved)
        assert found.trouble == "cannot be rendered: rendering takes too long"
        assert not (await based(bench, baseline, unsaved=unsaved))[0].trouble
        project.write("prompts/triage.md", unsaved["prompts/triage.md"])
        commit(tmp_path)
        unsaved = text(project, " Once more.")
        await bench.previewing.preview("triage", unsaved=unsaved)  # which reads the commit as well
        once(monkeypatch, bench.history, "path_at", RevisionError("git is locked"))
        assert (await based(bench, baseline, unsaved=unsaved))[0].trouble == "git is locked"
        assert not (await based(bench, baseline, unsaved=unsaved))[0].trouble


async def test_a_revision_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project = project_at(tmp_path)
    first = commit(tmp_path)
    project.write("prompts/triage.md", text(project, " Think twice.")["prompts/triage.md"])
    commit(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        assert not (await based(bench, baseline, "HEAD~1"))[0].trouble

        def refuse(*_: object) -> None:
            raise AssertionError("read again")

        monkeypatch.setattr(bench.versions, "at", refuse)
        for base in ("HEAD~1", first):
            found, preview = await based(bench, baseline, base)
            delta = found.delta(preview.models[0])
            assert delta is not None and delta.tokens == 3


async def test_a_store_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    project_at(tmp_path)
    async with opened(tmp_path) as (bench, baseline):
        once(monkeypatch, bench.versions.sources, "version_files", StoreError("the store is damaged"))
        assert (await based(bench, baseline, "v:1f3a9c"))[0].trouble == "the store is damaged"


async def test_a_rendering_that_was_given_up_is_not_begun_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    project = project_at(tmp_path)
    commit(tmp_path)
    released, begun = threading.Event(), []
    async with opened(tmp_path) as (bench, baseline):
        whole = bench.previewing.render_all

        def slow(*what: object) -> object:
            begun.append(what)
            released.wait(20)
            return whole(*what)  # type: ignore[arg-type]

        monkeypatch.setattr(bench.previewing, "render_all", slow)
        preview = await bench.previewing.preview("triage", unsaved=text(project, " a"))

        def asking() -> asyncio.Task[Based]:
            return asyncio.ensure_future(baseline.of(HEAD, preview.target, preview.case, preview.models))

        first = asking()
        while not begun:
            await asyncio.sleep(0.01)
        first.cancel()
        second = asking()
        released.set()
        assert (await second).context is not None
        assert first.cancelled() and len(begun) == 1


async def test_both_sides_are_counted_with_what_was_learnt_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    project = project_at(tmp_path)
    lab = (
        "models: {lab: {model: openai/qwen3, api_base: 'http://127.0.0.1:9/v1'}}\ndefaults: {models: [lab]}\n"
    )
    project.write(".workbench.yml", lab)
    commit(tmp_path)
    factor = 1.0
    monkeypatch.setattr(
        Counting, "past", lambda *_: Past(Correction(factor, error=0.1, observations=3), Typical())
    )
    async with opened(tmp_path) as (bench, baseline):
        first, preview = await based(bench, baseline, unsaved=text(project, " Well."))
        delta = first.delta(preview.models[0])
        factor = 10.0
        second, preview = await based(bench, baseline, unsaved=text(project, " Well."))
        ten_times = second.delta(preview.models[0])
    assert delta and ten_times and delta.tokens
    assert ten_times.tokens == 10 * delta.tokens


async def test_no_more_versions_are_remembered_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("workbench.bench.baseline.MOST", 2)
    project = project_at(tmp_path)
    commits = []
    for more in ("", " a", " b", " c"):
        project.write("prompts/triage.md", text(project, more)["prompts/triage.md"])
        commits.append(commit(tmp_path))
    async with opened(tmp_path) as (bench, baseline):
        for at in (*commits, *commits):
            assert not (await based(bench, baseline, at))[0].trouble
