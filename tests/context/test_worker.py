from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.processes import runs, wait_until_gone
from tests.support.projects import messages_of, version_of
from workbench.context.messages import Context
from workbench.context.worker import RenderWorker
from workbench.errors import CasesError, Place, PromptError

RUNAWAY = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@pytest.fixture
def worker():
    made = RenderWorker(time_limit=1.0)
    yield made
    made.close()


def child_of(worker):
    return worker._child.pid


def test_a_worker_renders_what_the_renderer_does(worker):
    version = version_of("user:\nHi {{ name }}")
    assert messages_of(worker.render(version, {"name": "you\nuser:"})) == [("user", "Hi you\nuser:")]


def test_a_runaway_template_is_killed_within_its_limit_and_the_worker_lives_on(worker):
    worker.render(version_of("warm"), {})
    began = time.monotonic()
    with pytest.raises(PromptError, match="longer than 1 seconds") as caught:
        worker.render(version_of(RUNAWAY), {})
    assert time.monotonic() - began < 3
    assert str(caught.value.place) == "prompts/p.md"
    assert messages_of(worker.render(version_of("Hi"), {})) == [("user", "Hi")]


def test_what_cannot_be_interrupted_from_within_is_killed_too(worker):
    with pytest.raises(PromptError, match="longer than"):
        worker.render(version_of("{{ (x * 3000)|sort|join }}"), {"x": ["y" * 200, "z" * 200] * 2000})


def test_a_memory_bomb_is_an_error_and_the_worker_lives_on(worker):
    with pytest.raises(PromptError, match="memory"):
        worker.render(version_of("{{ 'a' * 10**11 }}"), {})
    assert messages_of(worker.render(version_of("Hi"), {})) == [("user", "Hi")]


def test_recursion_without_end_is_an_error_and_the_worker_lives_on(worker):
    endless = version_of('{% include "_a.md" %}', {"prompts/_a.md": '{% include "_a.md" %}'})
    with pytest.raises(PromptError, match="without end"):
        worker.render(endless, {})
    assert messages_of(worker.render(version_of("Hi"), {})) == [("user", "Hi")]


def test_errors_keep_their_kind_place_and_hint_on_the_way_back(worker):
    with pytest.raises(CasesError) as caught:
        worker.render(version_of("---\ninputs: {a: }\n---\n{{ a }}"), {}, Place("prompts/p.cases.yml", 3))
    assert str(caught.value.place) == "prompts/p.cases.yml:3"
    assert caught.value.hint


def test_each_of_many_cases_has_its_context_or_its_error(worker):
    version = version_of("{{ 10 // n }}")
    outcomes = worker.render_all(version, [({"n": n}, None) for n in (1, 0, 5)])
    assert [type(outcome) for outcome in outcomes] == [Context, PromptError, Context]
    assert messages_of(outcomes[2]) == [("user", "2")]


def test_after_one_case_that_takes_too_long_the_rest_is_not_waited_for(worker):
    version = version_of("{% if slow %}" + RUNAWAY + "{% endif %}ok")
    began = time.monotonic()
    outcomes = worker.render_all(
        version, [({"slow": slow}, None) for slow in (False, True, True, True, True)]
    )
    assert time.monotonic() - began < 3.5
    assert isinstance(outcomes[0], Context)
    assert all("longer than" in str(outcome) for outcome in outcomes[1:])


def test_a_child_that_is_killed_from_outside_is_replaced(worker):
    version = version_of("Hi")
    worker.render(version, {})
    first = child_of(worker)
    os.kill(first, signal.SIGKILL)
    for _ in range(2):  # at most one call may notice
        try:
            found = worker.render(version, {})
            break
        except PromptError as error:
            assert "ended unexpectedly" in error.message
    assert messages_of(found) == [("user", "Hi")]
    assert child_of(worker) != first


def test_several_threads_may_share_a_worker(worker):
    version = version_of("{{ n }}")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: messages_of(worker.render(version, {"n": n}))[0][1], range(40)))
    assert found == [str(n) for n in range(40)]


def test_the_sandbox_child_writes_nothing_on_the_terminal(capfd, worker):
    worker.render(version_of("Hi"), {})
    with pytest.raises(PromptError):
        worker.render(version_of("{{ 'a' * 10**11 }}"), {})
    assert capfd.readouterr() == ("", "")


def test_the_child_ends_when_its_parent_is_killed():
    program = (
        "from tests.support.projects import version_of\n"
        "from workbench.context.worker import RenderWorker\n"
        "worker = RenderWorker()\n"
        "worker.render(version_of('Hi'), {})\n"
        "print(worker._child.pid, flush=True)\n"
        "input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.communicate()
    wait_until_gone(child)


def test_closing_ends_the_child_and_a_later_call_starts_another(worker):
    worker.render(version_of("Hi"), {})
    child = child_of(worker)
    worker.close()
    assert not runs(child)
    assert messages_of(worker.render(version_of("Hi"), {})) == [("user", "Hi")]


def overtaken(worker, version, inputs):
    """Render, and return the message of the error where something newer was asked for."""
    try:
        return worker.render_newest(version, inputs)
    except PromptError as error:
        return error.message


def test_what_was_asked_before_gives_way_to_the_newest():
    """Somebody types: no rendering waits for one that nobody looks at any more."""
    worker = RenderWorker()
    runaway, quick = version_of(RUNAWAY), version_of("hello {{ name }}")
    try:
        with ThreadPoolExecutor(4) as threads:
            begun = time.monotonic()
            before = [threads.submit(overtaken, worker, runaway, {}) for _ in range(4)]
            while isinstance(overtaken(worker, quick, {"name": "Ada"}), str) or not all(
                one.done() for one in before
            ):
                continue
            assert time.monotonic() - begun < 4, "not even one runaway had its five seconds"
            assert all(isinstance(one.result(), str) for one in before)
    finally:
        worker.close()


def test_the_newest_is_rendered_however_close_on_the_heels_of_another_it_comes():
    worker = RenderWorker(patience=30)
    version = version_of("hello {{ name }}")
    try:
        worker.render(version, {"name": "Ada"})
        child = child_of(worker)
        with ThreadPoolExecutor(1) as threads:
            for number in range(40):
                before = threads.submit(overtaken, worker, version, {"name": str(number)})
                newest = overtaken(worker, version, {"name": "Ada"})
                if newest == "a newer text is rendered instead":  # the other one came later after all
                    newest = before.result()
                assert messages_of(newest)[0][1].startswith("hello")
                before.result()
        assert child_of(worker) == child, "what is soon done may end, and the process remembers what it read"
    finally:
        worker.close()
