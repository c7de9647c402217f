from decimal import Decimal

import pytest

from workbench.bench.bench import Bench
from workbench.bench.running import Request
from workbench.errors import CostLimitError, UsageError
from workbench.runs.events import Ended, Finished, Planned

SETTINGS = """\
models:
  dear: {model: openai/a, api_base: 'http://127.0.0.1:1/v1', price: {input: 0, output: 1000}}
  open: {model: openai/b, api_base: 'http://127.0.0.1:1/v1', price: {input: 0, output: 1000}}
defaults: {models: [dear]}
limits: {cost: 0.01, retries: 1}
"""


@pytest.fixture
async def bench(project, tmp_path):
    project.write(".workbench.yml", SETTINGS)
    project.write("prompts/p.md", "---\nparams: {max_tokens: 50}\n---\nHello {{ name }}")
    project.write(
        "prompts/p.cases.yml", "- {name: a, inputs: {name: Ada}}\n- {name: b, inputs: {name: Ada}}\n"
    )
    opened = Bench(project.root, {}, tmp_path / "personal")
    yield opened
    await opened.close()


async def test_two_cases_with_the_same_inputs_are_one(bench):
    prepared = await bench.running.prepare(Request(("p",)))
    assert [cell.case for cell in prepared.plan.cells] == ["a"]


async def test_the_text_on_screen_is_planned_saved_or_not(bench):
    unsaved = {"prompts/p.md": b"Bye {{ name }}"}
    prepared = await bench.running.prepare(Request(("p",), unsaved=unsaved))
    assert [context[0].content for context in prepared.contexts] == ["Bye Ada"]


async def test_a_plan_over_the_limit_says_what_would_be_enough(bench):
    prepared = await bench.running.prepare(Request(("p",)))
    # 50 tokens at 1,000 USD a million.
    assert bench.running.allowance(prepared) == Decimal("0.05")
    with pytest.raises(CostLimitError, match=r"typically cost 0\.05 USD, and the limit is 0\.01 USD"):
        bench.running.check_cost(prepared)
    bench.running.check_cost(prepared, Decimal("0.05"))


async def test_samples_are_at_least_one(bench):
    with pytest.raises(UsageError, match="at least 1"):
        await bench.running.prepare(Request(("p",), samples=0))


async def test_a_run_is_told_from_planned_to_ended(bench):
    prepared = await bench.running.prepare(Request(("p",)))
    progress = bench.running.start(prepared, Decimal(1))
    events = [event async for event in progress.events()]
    assert isinstance(events[0], Planned) and isinstance(events[-1], Ended)
    (finished,) = [event for event in events if isinstance(event, Finished)]
    assert (finished.result.status, finished.result.error_kind) == ("error", "connection")


async def test_a_run_that_nobody_follows_to_its_end_is_interrupted(bench):
    prepared = await bench.running.prepare(Request(("p",)))
    events = bench.running.start(prepared, Decimal(1)).events()
    assert isinstance(await anext(events), Planned)
    await events.aclose()
    assert bench.store.runs.get().status == "interrupted"
    left = bench.running.resume()
    assert (left.run, len(left.plan.calls), left.plan.cached, left.allowed) == (1, 1, 0, 10**12)
