"""What a run will do, and what will not work, before anything is sent."""

from decimal import Decimal

import pytest

from tests.support.loopback import Loopback
from workbench.bench.bench import Bench
from workbench.bench.running import Request
from workbench.errors import CasesError, Place, StoreError, UnfitError, UsageError
from workbench.store.pruning import Prunable

PROMPT = """\
---
inputs:
  word:
  tone: plain
examples:
  - {word: red, output: colour}
  - {word: seven, output: number}
  - {word: blue, tone: rude, output: colour}
---
{{ tone }}: {{ word }}
"""

CASES = """\
- {name: glow red, inputs: {word: red}, tags: [hard]}
- {name: glow blue, inputs: {word: sky}}
- {name: other, inputs: {word: twelve}, expect: number, tags: [hard]}
"""

SETTINGS = """\
models:
  lab: {{model: openai/lab, api_base: '{url}'}}
  one: {{model: openai/one, api_base: '{url}', concurrency: 1}}
  tiny: {{model: openai/tiny, api_base: '{url}', context_window: 5}}
defaults: {{models: [lab]}}
"""


@pytest.fixture
async def server():
    async with Loopback("colour") as running:
        yield running


@pytest.fixture
async def bench(project, server, tmp_path):
    project.write(".workbench.yml", SETTINGS.format(url=server.url))
    project.write("prompts/p.md", PROMPT)
    project.write("prompts/p.cases.yml", CASES)
    project.write("prompts/bare.md", "{{ word }}")
    project.write("prompts/bare.cases.yml", CASES)
    opened = Bench(project.root, {}, tmp_path / "personal")
    yield opened
    await opened.close()


async def planned(bench, *targets, **more):
    return await bench.running.prepare(Request(targets or ("p",), **more))


async def done(bench, *targets, **more):
    """Run what is asked for to its end; returns its cells."""
    progress = bench.running.start(await planned(bench, *targets, **more), Decimal(1))
    async for _ in progress.events():
        pass
    return bench.store.runs.cells(progress.run)


def names(prepared):
    return [cell.case for cell in prepared.plan.cells]


@pytest.mark.parametrize(
    ("chosen", "cases"),
    [
        ({"selection": ("glow*",)}, ["glow red", "glow blue"]),
        ({"selection": ("tag:hard", "2")}, ["glow red", "glow blue", "other"]),
        ({"cases": ("other",), "selection": ("1-2",)}, ["other", "glow red", "glow blue"]),
        ({"cases": ("other",), "selection": ("3",)}, ["other"]),
        ({"selection": ("1",), "inputs": {"tone": "mild"}}, ["glow red+inputs"]),
    ],
)
async def test_cases_are_chosen_by_name_and_by_pattern(bench, chosen, cases):
    assert names(await planned(bench, **chosen)) == cases


async def test_a_pattern_that_no_case_fits_stops_the_plan(bench):
    with pytest.raises(CasesError, match="no case of p fits “glw”"):
        await planned(bench, selection=("glw",))


async def test_each_example_is_a_case_that_renders_without_it_and_expects_its_output(bench):
    prepared = await planned(bench, examples=True)
    assert [(cell.case, cell.expect) for cell in prepared.plan.cells] == [
        ("example 1", "colour"),
        ("example 2", "number"),
        ("example 3", "colour"),
    ]
    said = [[message.content for message in call.call.messages] for call in prepared.plan.calls]
    # The case's own inputs are there for what an example leaves unsaid.
    assert said == [
        ["plain: seven", "number", "rude: blue", "colour", "plain: red"],
        ["plain: red", "colour", "rude: blue", "colour", "plain: seven"],
        ["rude: red", "colour", "rude: seven", "number", "rude: blue"],
    ]
    (target,) = prepared.targets
    assert {cell.contender.version for cell in prepared.plan.cells} == {target.version.hash}


async def test_an_example_that_is_a_case_too_is_run_without_itself(bench):
    prepared = await planned(bench, examples=True, selection=("1-2",))
    assert names(prepared) == ["example 1", "example 2", "example 3", "glow blue"]


async def test_inputs_are_for_what_the_examples_leave_unsaid(bench):
    prepared = await planned(bench, examples=True, inputs={"tone": "kind"})
    last = [call.call.messages[-1].content for call in prepared.plan.calls]
    assert last == ["kind: red", "kind: seven", "rude: blue"]


async def test_the_answers_to_examples_are_held_against_their_outputs(bench):
    assert [cell.expected for cell in await done(bench, examples=True)] == [True, False, True]


async def test_a_prompt_without_examples_has_none_to_run(bench):
    with pytest.raises(UsageError, match="bare has no examples"):
        await planned(bench, "bare", examples=True)
    both = await planned(bench, "p", "bare", examples=True)
    assert {cell.contender.prompt for cell in both.plan.cells} == {"p"}
    assert "bare" in both.warnings[0] and "no examples" in both.warnings[0]


async def test_what_will_not_work_is_told_with_the_figures_and_nothing_can_be_started(bench, server):
    prepared = await planned(bench, models=("lab",), params={"temperature": [0, 9]}, cases=("1",))
    assert len(prepared.plan.calls) == 2
    (misfit,) = prepared.misfits
    assert misfit.contender.startswith("p v:") and misfit.contender.endswith(" lab temperature=9")
    assert "“temperature” must be a number from 0 to 2" in misfit.reason
    assert misfit.place is None
    for refuse in (bench.running.check_fit, bench.running.start):
        with pytest.raises(UnfitError, match="temperature"):
            refuse(prepared)
    assert server.requests == []
    assert bench.store.runs.newest() == []


async def test_what_will_not_work_names_the_line_of_the_prompt(bench, project):
    project.write("prompts/p.md", PROMPT.replace("inputs:", "params: {temperature: 9}\ninputs:", 1))
    (misfit,) = (await planned(bench, cases=("1",))).misfits
    assert misfit.place == Place("prompts/p.md", 2)


async def test_a_context_too_long_for_one_of_the_models_is_a_misfit_of_that_one(bench):
    prepared = await planned(bench, models=("lab", "tiny"), cases=("1",))
    (misfit,) = prepared.misfits
    assert " tiny" in misfit.contender
    assert "tiny takes 5" in misfit.reason


async def test_many_misfits_are_told_in_few_words(bench, project):
    lines = "\n".join(f"- {{inputs: {{word: '{'word ' * (number + 9)}'}}}}" for number in range(30))
    project.write("prompts/p.cases.yml", lines)
    prepared = await planned(bench, models=("tiny",))
    with pytest.raises(UnfitError, match="; and 25 more\n"):
        bench.running.check_fit(prepared)


async def test_what_is_answered_already_is_neither_asked_nor_counted_again(bench, server):
    assert len(await done(bench, cases=("1",))) == 1
    prepared = await planned(bench, samples=2)
    assert (len(prepared.plan.calls), prepared.plan.cached) == (5, 1)
    assert prepared.plan.tokens == sum(cell.shown for cell in prepared.plan.cells if not cell.cached)
    again = await planned(bench, cases=("1",))
    assert [(cell.cached, cell.shown, cell.high) for cell in again.plan.cells] == [(True, None, None)]


async def test_a_plan_whose_answers_were_removed_meanwhile_says_so_and_stores_nothing(bench):
    await done(bench, "bare", cases=("other",))
    prepared = await planned(bench, "bare")
    assert prepared.plan.cached == 1
    bench.store.pruning.prune(Prunable(keep=0))
    with pytest.raises(StoreError, match="were removed meanwhile"):
        async for _ in bench.running.start(prepared).events():
            pass
    assert bench.store.runs.newest() == []
    assert (await planned(bench, "bare")).plan.cached == 0


async def test_a_plan_that_is_too_large_is_refused_before_it_is_built(bench, monkeypatch):
    with pytest.raises(UsageError, match="300,000 answers, and 100,000 is the most"):
        await planned(bench, params={"seed": range(300), "top_k": range(1000)})
    monkeypatch.setattr("workbench.bench.planning.MOST_CELLS", 11)
    assert len((await planned(bench, models=("lab", "one"), params={"seed": (1,)})).plan.cells) == 6
    with pytest.raises(UsageError, match="12 answers, and 11 is the most"):
        await planned(bench, models=("lab", "one"), params={"seed": (1, 2)})


async def test_how_long_the_slowest_model_takes_follows_from_past_answers(bench, server):
    assert (await planned(bench)).slowest is None
    await done(bench, models=("lab", "one"))
    with bench.store.database.writing() as connection:
        connection.execute("UPDATE results SET total = iif(string = 'openai/lab', 2.0, 1.5)")
    prepared = await planned(bench, models=("lab", "one"), samples=3)
    assert (len(prepared.plan.calls), prepared.slowest) == (12, ("one", 6 * 1.5))
    assert (await planned(bench, models=("lab",), samples=9)).slowest == ("lab", 24 * 2.0 / 8)
