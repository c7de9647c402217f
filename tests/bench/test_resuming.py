"""What is asked once more: the rest of a run, what failed in it, one result anew."""

from decimal import Decimal

import pytest

from tests.support.loopback import Loopback, Reply
from workbench.bench.bench import Bench
from workbench.bench.running import Request
from workbench.errors import CostLimitError, ModelUnreadyError, StoreError, UsageError
from workbench.runs.events import Ended, Finished, Planned

SETTINGS = "models: {{lab: {{model: openai/lab, api_base: '{url}', concurrency: 1}}}}\n"
BAD = Reply("Unknown parameter", status=400)
NEVER = Reply("late", delay=3600)


class Script:
    """What the server says to a text; a test may give it something else to say while it runs."""

    def __init__(self):
        self.says = str

    def __call__(self, body, number):
        return self.says(body["messages"][-1]["content"])


@pytest.fixture
def script():
    return Script()


@pytest.fixture
async def server(script):
    async with Loopback(script) as running:
        yield running


@pytest.fixture
async def bench(project, server, tmp_path):
    project.write(".workbench.yml", SETTINGS.format(url=server.url))
    project.write("prompts/p.md", "---\nmodels: [lab]\n---\n{{ word }}")
    cases = "\n".join(f"- {{name: {word}, inputs: {{word: {word}}}}}" for word in ("a", "b", "c", "d"))
    project.write("prompts/p.cases.yml", cases)
    opened = Bench(project.root, {}, tmp_path / "personal")
    yield opened
    await opened.close()


async def followed(bench, prepared, stop_after=None, limit=1):
    """Run a plan, stopped after so many results; returns all its events."""
    progress = bench.running.start(prepared, Decimal(limit))
    events = []
    async for event in progress.events():
        events.append(event)
        if sum(isinstance(one, Finished) for one in events) == stop_after:
            progress.stop()
    return events


async def half_done(bench, server, script):
    """Run four cases of which the second fails, and stop where the third is under way."""
    script.says = {"a": "A", "b": BAD, "c": NEVER}.get
    await followed(bench, await bench.running.prepare(Request(("p",))), stop_after=2)
    script.says = str.upper
    server.requests.clear()


def statuses(bench):
    return [cell.result.status if cell.result else None for cell in bench.store.runs.cells(1)]


async def test_only_what_failed_is_tried_again_and_the_rest_stays_to_be_resumed(bench, server, script):
    await half_done(bench, server, script)
    assert statuses(bench)[:3] == ["ok", "error", "cancelled"]
    prepared = bench.running.resume(failed_only=True)
    assert (prepared.run, len(prepared.plan.calls), prepared.plan.cached, prepared.left_out) == (1, 1, 1, 2)
    planned, *_, ended = await followed(bench, prepared)
    assert isinstance(planned, Planned) and isinstance(ended, Ended)
    assert [request.texts for request in server.requests] == [["b"]]
    assert statuses(bench)[:3] == ["ok", "ok", "cancelled"]
    assert (ended.status, bench.store.runs.get(1).status) == ("interrupted", "interrupted")

    rest = bench.running.resume()
    assert (len(rest.plan.calls), rest.left_out) == (2, 0)
    assert (await followed(bench, rest))[-1].status == "done"
    assert statuses(bench) == ["ok"] * 4


async def test_where_nothing_failed_nothing_is_tried_again(bench, server):
    await followed(bench, await bench.running.prepare(Request(("p",))))
    server.requests.clear()
    prepared = bench.running.resume(1, failed_only=True)
    assert (prepared.plan.calls, prepared.left_out) == ((), 0)
    assert (await followed(bench, prepared))[-1].status == "done"
    assert server.requests == []


DEAR = """
models: {{lab: {{model: openai/lab, api_base: '{url}', price: {{input: 0, output: 1000000}}}}}}
limits: {{retries: 1, concurrency: 1}}
"""
"""A dollar for each token of output."""

DOLLAR = 10**12


@pytest.fixture
async def dear(project, server, tmp_path):
    """A bench with two prompts that say the same, of which an answer costs a dollar, and ten at most."""
    project.write(".workbench.yml", DEAR.format(url=server.url))
    for name in "pq":
        project.write(f"prompts/{name}.md", "---\nmodels: [lab]\nparams: {max_tokens: 10}\n---\n{{ word }}")
        project.write(
            f"prompts/{name}.cases.yml", "- {name: a, inputs: {word: a}}\n- {name: b, inputs: {word: b}}"
        )
    opened = Bench(project.root, {}, tmp_path / "personal")
    yield opened
    await opened.close()


async def test_an_answer_that_fills_several_cells_was_paid_for_once(dear, server, script):
    script.says = {"a": "A", "b": BAD}.get
    await followed(dear, await dear.running.prepare(Request(("p", "q"))), limit=20)
    assert (len(server.requests), len(dear.store.runs.cells(1))) == (2, 4)
    left = dear.running.resume()
    assert (left.spent, left.unsure, len(left.plan.calls)) == (DOLLAR, 0, 1)
    assert dear.store.runs.get(1).cost == DOLLAR


async def test_what_lost_answers_may_have_cost_counts_when_a_run_goes_on(dear, server, script):
    script.says = {"a": "A", "b": Reply("overloaded", status=503)}.get
    await followed(dear, await dear.running.prepare(Request(("p",))), limit=20)
    server.requests.clear()
    for unsure in (10, 20):
        left = dear.running.resume(failed_only=True)
        assert (left.spent, left.unsure) == (DOLLAR, unsure * DOLLAR)
        await followed(dear, left, limit=21)
    # What the second try may have cost leaves no room for a third.
    assert [request.texts for request in server.requests] == [["b"]]
    assert (dear.store.runs.get(1).status, dear.store.runs.get(1).cost) == ("limit", DOLLAR)
    left = dear.running.resume()
    with pytest.raises(CostLimitError, match="with 20 USD that lost answers may have cost"):
        dear.running.check_cost(left, Decimal(21))
    dear.running.check_cost(left, dear.running.allowance(left))
    script.says = str.upper
    await followed(dear, left, limit=40)
    dear.running.check_cost(dear.running.resume(), Decimal(21))  # there is nothing left to pay for


async def test_a_result_asked_anew_is_a_run_of_one_cell_with_the_context_it_had(
    bench, server, script, project
):
    await followed(bench, await bench.running.prepare(Request(("p",), samples=2, stream=False)))
    first = next(cell for cell in bench.store.runs.cells(1) if (cell.case, cell.sample) == ("b", 2))
    project.write("prompts/p.md", "---\nmodels: [lab]\n---\nnow otherwise: {{ word }}")
    script.says = str.upper
    server.requests.clear()

    prepared = bench.running.again(first.result.id, stream=False)
    assert (prepared.run, len(prepared.plan.calls), prepared.plan.cached) == (None, 1, 0)
    await followed(bench, prepared)
    assert [request.texts for request in server.requests] == [["b"]]
    (cell,) = bench.store.runs.cells(2)
    assert (cell.case, cell.sample, cell.context, cell.call_key) == ("b", 2, first.context, first.call_key)
    assert (cell.contender, cell.cached, cell.result.text) == (first.contender, False, "B")
    assert bench.store.runs.get(1).counts == {"ok": 8}


async def test_a_failure_is_asked_anew_like_any_other_result(bench, server, script):
    await half_done(bench, server, script)
    failed = next(cell for cell in bench.store.runs.cells(1) if cell.case == "b")
    await followed(bench, bench.running.again(failed.result.id))
    assert [cell.result.status for cell in bench.store.runs.cells(2)] == ["ok"]


async def test_a_result_that_is_not_there_cannot_be_asked_anew(bench):
    with pytest.raises(StoreError, match="there is no result 7"):
        bench.running.again(7)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ("concurrency: 1, api_key_env: LAB_KEY", ModelUnreadyError, "LAB_KEY is not set"),
        ("api_base: 'http://127.0.0.1:1/v1'", UsageError, "is now at http://127.0.0.1:1/v1"),
        ("model: openai/other", UsageError, "was openai/lab and is now openai/other"),
    ],
)
async def test_a_model_that_is_not_what_it_was_is_told_before_anything_is_asked(
    bench, server, script, project, change, error, words
):
    await half_done(bench, server, script)
    key = change.partition(":")[0]
    entry = {"model": "openai/lab", "api_base": server.url, "concurrency": 1, key: None}
    kept = ", ".join(f"{name}: {value}" for name, value in entry.items() if value is not None)
    project.write(".workbench.yml", f"models: {{lab: {{{kept}, {change}}}}}")
    other = Bench(project.root, {}, bench.personal)
    for failed_only in (True, False):
        with pytest.raises(error, match=words):
            other.running.resume(1, failed_only=failed_only)
    await other.close()
    assert server.requests == []
