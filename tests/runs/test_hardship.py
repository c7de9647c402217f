"""A thousand calls to a server that misbehaves in every way it can, and what must be true of them after."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import replace

import pytest

from tests.support.loopback import (
    Loopback,
    Reply,
    error_object,
    failing,
    malformed,
    rate_limited,
    wrong_type,
)
from tests.support.records import NOW, call_of, cell_of, contender_of
from workbench.context.messages import context_hash
from workbench.models.doors.direct import DirectDoor
from workbench.models.gateway import Gateway
from workbench.models.model import Model, Prices
from workbench.runs.budget import Budget
from workbench.runs.events import Finished, Retried, Started
from workbench.runs.plan import PlannedCall, call_key
from workbench.runs.runner import Runner
from workbench.store.store import Store

CALLS = 1000
TRIES = 4
HUGE = "A long answer goes on and on. " * 35_000
PIECES = [HUGE[start : start + 2**16] for start in range(0, len(HUGE), 2**16)]

ANSWERS = {
    "good": (8.0, lambda text: Reply(f"the answer to {text}")),
    "slow first byte": (1.0, lambda text: Reply(f"the answer to {text}", delay=0.2)),
    "empty": (1.0, lambda text: Reply("")),
    "huge": (0.3, lambda text: Reply(HUGE, pieces=PIECES)),
}
"""How often the server does so, how, and so for the misdeeds with what the failure is called."""

MISDEEDS = {
    "429 with a pause": (0.5, lambda: rate_limited(retry_after=0.05), "rate_limit"),
    "429": (0.5, rate_limited, "rate_limit"),
    "500": (1.0, failing, "server"),
    "no first byte": (0.5, lambda: Reply("never", delay=3600.0), "timeout"),
    "stall": (0.5, lambda: Reply("half of an answer", ending="stall"), "timeout"),
    "cut": (1.0, lambda: Reply("half of an answer", ending="cut"), "connection"),
    "early end": (1.0, lambda: Reply("half of an answer", ending="early"), "connection"),
    "malformed": (1.0, malformed, "protocol"),
    "error object": (1.0, error_object, "server"),
    "wrong type": (1.0, wrong_type, "protocol"),
}


class Trouble:
    """Answers each request in a way that its text, the number of its try and the seed decide.

    ``deeds`` holds what was done, in the order of the requests.
    """

    def __init__(self, seed):
        self._seed = seed
        self._tries = Counter()
        self.deeds = []

    def __call__(self, body, number):
        text = body["messages"][-1]["content"]
        self._tries[text] += 1
        choice = random.Random(f"{self._seed} {text} {self._tries[text]}")
        ways = {**ANSWERS, **MISDEEDS}
        (deed,) = choice.choices(list(ways), [way[0] for way in ways.values()])
        self.deeds.append(deed)
        return ANSWERS[deed][1](text) if deed in ANSWERS else MISDEEDS[deed][1]()


def calls_to(url):
    """Return cells and the calls that fill them, to eight models which that server serves."""
    cells, calls = [], []
    for number in range(CALLS):
        name = f"m{number % 8}"
        model = Model(name, f"openai/{name}", api_base=url, prices=Prices(10, 20))
        call = call_of(f"question {number}", model, timeout=2.0, first_token=1.0)
        key, context = call_key(call, 1), context_hash(call.messages)
        contender = replace(contender_of(), model=name, string=model.string, api_base=url)
        cells.append(
            cell_of(number, contender=contender, case_hash=f"case-{number}", context=context, call_key=key)
        )
        calls.append(PlannedCall(key, call, context, (number,), 2, None))
    return cells, calls


def told(server, deeds):
    """Return what the server did to each question, in order, by its own log.

    An answer that the client no longer waited for, on a machine that is busy, was one that came too late.
    """
    by_text = defaultdict(list)
    for request, deed in zip(server.requests, deeds, strict=True):
        late = deed in ANSWERS and request.dropped.is_set()
        by_text[request.texts[-1]].append("no first byte" if late else deed)
    return by_text


def expected(text, done):
    """Return status, text, kind of failure and tries of the one true result."""
    last = done[-1]
    if last == "empty":
        return "empty", "", None, len(done)
    if last in ANSWERS:
        return "ok", HUGE if last == "huge" else f"the answer to {text}", None, len(done)
    return "error", None, MISDEEDS[last][2], len(done)


@pytest.mark.parametrize("seed", [5])
async def test_a_thousand_calls_to_a_server_in_every_kind_of_trouble_end_as_they_should(tmp_path, seed):
    trouble, store, door = Trouble(seed), Store(tmp_path / "runs.db"), DirectDoor()
    spread = random.Random(seed).random
    gateway = Gateway({"direct": door}, lambda model: "k", TRIES, random=lambda: spread() / 10)
    events = []
    async with Loopback(trouble) as server:
        cells, calls = calls_to(server.url)
        store.sources.keep_contexts([planned.call.messages for planned in calls])
        store.sources.keep_cases({cell.case_hash: {} for cell in cells})
        run = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
        runner = Runner(
            gateway.ask, lambda results: store.runs.add_results(run, results), lambda: NOW, 100, Budget(None)
        )
        async with asyncio.timeout(240):
            async for event in runner.run(calls):
                events.append(event)
        await gateway.close()
        done = told(server, trouble.deeds)
    results = [cell.result for cell in store.runs.cells(run)]
    counts = store.runs.get(run).counts
    store.close()

    assert len(done) == CALLS
    for number, result in enumerate(results):
        text = f"question {number}"
        status, words, kind, tries = expected(text, done[text])
        assert (result.status, result.error_kind, result.tries) == (status, kind, tries), done[text]
        assert words is None or result.text == words
        # Asked until it was answered and not once more, or as often as is allowed.
        assert all(deed in MISDEEDS for deed in done[text][:-1])
        assert done[text][-1] in ANSWERS or tries == TRIES
    assert set(trouble.deeds) == {*ANSWERS, *MISDEEDS}
    assert counts == Counter(result.status for result in results)
    assert sum(result.tries for result in results) == len(server.requests)
    paid = [request for request, deed in zip(server.requests, trouble.deeds, strict=True) if deed in ANSWERS]
    assert len([one for one in paid if not one.dropped.is_set()]) == counts["ok"] + counts["empty"]
    assert len([event for event in events if isinstance(event, Started)]) == CALLS
    assert len([event for event in events if isinstance(event, Finished)]) == CALLS
    assert len([event for event in events if isinstance(event, Retried)]) == len(server.requests) - CALLS
