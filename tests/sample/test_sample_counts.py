"""On the sample project the embedded model's counts are what the engine reports, every time."""

import shutil
from pathlib import Path

import pytest

from tests.sample.test_sample_project import CASES, rendered
from workbench.bench.bench import Bench
from workbench.bench.running import Request

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shortest():
    """The twenty shortest contexts, for the engine reads 170 tokens a second."""
    return sorted(CASES, key=lambda each: sum(len(one.content) for one in rendered(*each).messages))[:20]


async def test_twenty_contexts_have_as_many_tokens_as_the_engine_reports(shortest, tmp_path):
    shutil.copytree(ROOT / "prompts", tmp_path / "prompts")
    shutil.copy(ROOT / ".workbench.yml", tmp_path)
    bench = Bench(tmp_path, {}, tmp_path / "personal")
    try:
        cells = []
        for name in dict.fromkeys(name for name, _ in shortest):
            chosen = tuple(case.name for prompt, case in shortest if prompt == name)
            request = Request((name,), ("smol",), chosen, params={"max_tokens": [1]}, stream=False)
            progress = bench.running.start(await bench.running.prepare(request))
            async for _ in progress.events():
                pass
            cells += bench.store.runs.cells(progress.run)
        assert len(cells) == 20
        assert len({cell.contender.prompt for cell in cells}) >= 3
        assert [cell.result.usage.input for cell in cells] == [cell.shown for cell in cells]
        assert all(cell.exact or cell.schema for cell in cells)
        assert bench.store.counts.miscounts() == []
    finally:
        await bench.close()
