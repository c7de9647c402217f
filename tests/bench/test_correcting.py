"""A server that counts otherwise than Workbench, and how estimates for it become right."""

import asyncio
import json
import random
import statistics

import pytest

from tests.support.loopback import Loopback, Reply
from tests.support.records import NOW, call_of, cell_of, result_of
from workbench.bench.bench import Bench
from workbench.bench.checking import check
from workbench.bench.running import Request
from workbench.models.calls import Usage
from workbench.models.tokens import Tokenizers

CL100K = Tokenizers().load("cl100k_base")
WORDS = (
    "refund invoice the a of and crash upgrade customer paid twice yesterday Ünïcode 日本 {json: 1}".split()
)


def by_ratio(body):
    """Count 1.17 tokens where o200k_base has one, and 11 a message."""
    encoding = Tokenizers().load("o200k_base")
    tokens = sum(len(encoding.encode_ordinary(message["content"])) for message in body["messages"])
    return round(1.17 * tokens) + 11 * len(body["messages"])


def by_another_tokenizer(body):
    """Count with another encoding, with other tokens around each message and a preamble."""
    tokens = sum(len(CL100K.encode_ordinary(message["content"])) for message in body["messages"])
    return tokens + 7 * len(body["messages"]) + 25


def cases(many, seed):
    """Return cases with texts of very different lengths and talks of different numbers of turns."""
    rng = random.Random(seed)
    made = []
    for number in range(many):
        text = " ".join(rng.choices(WORDS, k=rng.randint(20, 600)))
        turns = [{"role": role, "content": "So I said"} for role in ("user", "assistant") * rng.randint(0, 4)]
        made.append({"name": f"{number} of {seed}", "inputs": {"text": text, "talk": turns}})
    return made


PROMPT = """\
---
params: {max_tokens: 9}
inputs:
  text:
  talk: {kind: turns}
---
system:
Be brief.
{{ talk }}
user:
{{ text }}
"""


@pytest.fixture(params=[by_ratio, by_another_tokenizer])
async def server(request):
    async with Loopback(lambda body, _: Reply("yes", heard=request.param(body))) as running:
        yield running


@pytest.fixture
async def bench(project, server, tmp_path):
    project.write(".workbench.yml", f"models: {{lab: {{model: openai/lab, api_base: '{server.url}'}}}}\n")
    project.write("prompts/p.md", PROMPT)
    for seed, many in (("first", 10), ("second", 30)):
        lines = "\n".join(json.dumps(case) for case in cases(many, seed))
        project.write(f"prompts/{seed}.cases.jsonl", lines)
        project.write(f"prompts/{seed}.md", PROMPT)
    opened = Bench(project.root, {}, tmp_path / "personal")
    yield opened
    await opened.close()


async def ran(bench, prompt):
    """Run a prompt over its cases; returns the cells."""
    prepared = await bench.running.prepare(Request((prompt,), models=("lab",), stream=False))
    progress = bench.running.start(prepared)
    async for _ in progress.events():
        pass
    return bench.store.runs.cells(progress.run)


async def test_after_ten_reports_the_mean_error_is_under_two_per_cent(bench):
    before = await ran(bench, "first")
    assert len(before) == 10
    assert statistics.mean(abs(cell.off) for cell in before) > 0.04
    assert {cell.shown for cell in before} == {cell.estimated for cell in before}
    after = await ran(bench, "second")
    assert len(after) == 30
    assert statistics.mean(abs(cell.off) for cell in after) < 0.02
    assert not any(cell.exact for cell in after)


async def test_the_error_and_the_number_of_reports_stand_beside_the_count(bench):
    preview = await bench.previewing.preview("second", models=("lab",))
    assert (preview.models[0].count.observations, preview.models[0].count.error) == (0, None)
    await ran(bench, "first")
    (found,) = (await bench.previewing.preview("second", models=("lab",))).models
    count = found.count
    assert count.observations == 10
    assert 0 < count.error < 0.02
    assert count.overhead + sum(count.messages) == count.total
    assert [sum(own) for own in count.segments] == list(count.messages)


async def test_reports_without_a_schema_promise_nothing_about_a_call_with_one(bench, project):
    await ran(bench, "first")
    project.write(
        "prompts/bound.md", PROMPT.replace("params:", "output: {schema: {type: object}}\nparams:", 1)
    )
    inputs = {"text": "Hi", "talk": []}
    (found,) = (await bench.previewing.preview("bound", inputs=inputs, models=("lab",))).models
    assert (found.count.observations, found.count.error) == (0, None)
    (plain,) = (await bench.previewing.preview("second", models=("lab",))).models
    assert plain.count.observations == 10


async def of_counts(bench):
    """Return what doctor says of counts."""
    return [one for one in await check(bench) if one.what.startswith("count")]


def keep_exact_count(store, shown):
    """Keep a run of one call, promised to have exactly so many tokens and reported to have 1,000."""
    store.sources.keep_contexts([call_of("Hi").messages])
    store.sources.keep_cases({"case-Hi": {}})
    cell = cell_of(shown=shown, exact=True, case=None)
    run = store.runs.begin([cell], prompt="p", samples=1, cost_limit=None, now=NOW)
    store.runs.add_results(run, [result_of(usage=Usage(1000, 1), estimated=shown)])


async def test_doctor_lists_the_largest_errors_and_is_well_all_the_same(bench):
    (nothing,) = await of_counts(bench)
    assert (nothing.what, nothing.ok, nothing.message) == ("counts", True, "nothing was reported yet")
    await ran(bench, "first")
    worst = await of_counts(bench)
    assert [(one.what, one.ok, one.needed) for one in worst] == [("count lab", True, False)] * 5
    first = await asyncio.to_thread(bench.store.counts.miscounts, 1)
    assert worst[0].message == (
        f"{first[0].shown:,} ≈ tokens, {first[0].reported:,} reported, {100 * first[0].off:+.1f} % off: "
        f"first, case “{first[0].case}”, run 1"
    )
    assert worst[0].hint is None


async def test_doctor_says_that_no_count_differs_where_there_are_reports_and_none_does(bench):
    keep_exact_count(bench.store, 1000)
    (count,) = await of_counts(bench)
    assert (count.ok, count.message) == (True, "no count of tokens differs from what was reported")


async def test_doctor_does_not_pass_over_a_count_that_promised_to_be_right(bench):
    keep_exact_count(bench.store, 1010)
    (wrong,) = await of_counts(bench)
    assert (wrong.what, wrong.ok, wrong.needed) == ("count mini", False, False)
    assert wrong.message == "1,010 = tokens, 1,000 reported, +1.0 % off: p, run 1"
    assert wrong.hint
