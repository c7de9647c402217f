"""What a stored run compared can be asked for again: its versions, models, params and samples."""

from __future__ import annotations

import pytest

from tests.support.loopback import Loopback
from tests.support.projects import Project
from workbench.bench.bench import Bench
from workbench.bench.replanning import Compared, compared
from workbench.bench.running import Request

SETTINGS = """\
models:
  one: {{model: openai/one, api_base: '{url}'}}
  two: {{model: openai/two, api_base: '{url}', params: {{temperature: 1}}}}
defaults: {{models: [one], params: {{max_tokens: 20}}}}
"""
PROMPT = "---\nparams: {top_p: 0.5}\n---\nuser:\nHi\n"


@pytest.fixture
async def bench(tmp_path):
    async with Loopback() as server:
        project = Project(tmp_path / "project")
        project.write(".workbench.yml", SETTINGS.format(url=server.url))
        project.write("prompts/p.md", PROMPT)
        opened = Bench(project.root, {}, tmp_path / "personal")
        yield opened
        await opened.close()


async def asked(bench: Bench, **more) -> Compared:
    """Run what is asked for, and say what it compared as if one had asked for it."""
    progress = bench.running.start(await bench.running.prepare(Request(("p",), **more)))
    async for _ in progress.events():
        pass
    return again(bench, progress.run)


def again(bench: Bench, run: int) -> Compared:
    cells = bench.store.runs.cells(run)
    return compared(cells, bench.versions, bench.previewing, bench.settings.models)


async def test_a_plain_run_is_the_working_tree_with_its_models_and_no_params(bench):
    assert await asked(bench, models=("one", "two"), samples=2) == Compared(("",), ("one", "two"), {}, 2)


async def test_params_that_were_given_are_told_and_those_of_files_are_not(bench):
    found = await asked(bench, models=("one", "two"), params={"temperature": [0, 0.7], "stop": [["a b"]]})
    assert found.params == {"temperature": [0, 0.7], "stop": [["a b"]]}


async def test_a_version_that_is_no_commit_and_not_on_disk_any_more_is_named_by_its_hash(bench, tmp_path):
    await asked(bench)
    was = bench.versions.load("p").version.hash
    (tmp_path / "project/prompts/p.md").write_text("user:\nHello\n")
    assert again(bench, 1).versions == (f"v:{was[:12]}",)
    assert again(bench, 1).params == {}
