import asyncio
import sys
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.support.records import result_of
from workbench.bench.bench import Bench
from workbench.bench.running import Request
from workbench.errors import CostLimitError, StoreError, UsageError
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


RESUMER = """
import asyncio, sys
from pathlib import Path
from workbench.bench.bench import Bench
from workbench.errors import StoreError

async def resume():
    bench = Bench(Path(sys.argv[1]), {}, Path(sys.argv[2]))
    try:
        async for event in bench.running.start(bench.running.resume()).events():
            print(type(event).__name__)
    except StoreError as error:
        print(error.message)
    await bench.close()

asyncio.run(resume())
"""


async def resumed_elsewhere(bench):
    """Resume the last run in another process; returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RESUMER, str(bench.root), str(bench.personal)), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    return printed.decode().split("\n")[:-1]


async def test_a_run_that_still_goes_on_is_not_taken_up_by_another_workbench(bench):
    prepared = await bench.running.prepare(Request(("p",)))
    events = bench.running.start(prepared, Decimal(1)).events()
    await anext(events)
    assert await resumed_elsewhere(bench) == ["run 1 still goes on in another workbench"]
    assert bench.store.runs.get().status == "running"
    await events.aclose()
    assert (await resumed_elsewhere(bench))[-1] == "Ended"
    assert not list((bench.root / ".workbench").glob("*.lock"))


async def test_a_run_is_free_as_soon_as_it_has_ended(bench):
    prepared = await bench.running.prepare(Request(("p",)))
    async for event in bench.running.start(prepared, Decimal(1)).events():
        if isinstance(event, Ended):
            assert not list((bench.root / ".workbench").glob("*.lock"))


async def test_calls_that_were_answered_since_a_run_was_prepared_are_not_made_again(bench):
    prepared = await bench.running.prepare(Request(("p",)))
    events = bench.running.start(prepared, Decimal(1)).events()
    await anext(events)
    await events.aclose()
    left = bench.running.resume()
    (call,) = left.plan.calls
    answer = replace(result_of(), call_key=call.key, context=call.context)
    bench.store.runs.add_results(1, [answer])
    with pytest.raises(StoreError, match="went on in another workbench since"):
        await anext(bench.running.start(left).events())
    assert bench.store.runs.get().status == "interrupted"
    again = bench.running.resume()
    assert again.plan.calls == ()
    assert isinstance([event async for event in bench.running.start(again).events()][-1], Ended)
