from __future__ import annotations

import errno
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.errors import StoreError
from workbench.store import live
from workbench.store.live import LiveRuns

HOLDER = """
import sys
from pathlib import Path
from workbench.store.live import LiveRuns

with LiveRuns(Path(sys.argv[1])).hold(7):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def runs(tmp_path):
    return LiveRuns(tmp_path)


@pytest.fixture
def holder(tmp_path):
    """Another process that holds run 7."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_run_that_goes_on_in_another_process_is_refused_until_it_has_ended(runs, holder, tmp_path):
    with pytest.raises(StoreError, match="run 7 still goes on in another workbench") as caught, runs.hold(7):
        raise AssertionError
    assert caught.value.hint
    with runs.hold(8):
        pass
    holder.communicate("\n")
    assert list(tmp_path.iterdir()) == []
    with runs.hold(7):
        pass


def test_whether_a_run_goes_on_can_be_asked_without_touching_it(runs, holder, tmp_path):
    (tmp_path / "run-of-somebody.lock").touch()
    assert (runs.held(7), runs.held(8), runs.any_held()) == (True, False, True)
    holder.kill()
    holder.wait()
    assert (runs.held(7), runs.any_held()) == (False, False)
    assert {path.name for path in tmp_path.iterdir()} == {"run-7.lock", "run-of-somebody.lock"}
    with runs.hold(8):
        assert (runs.held(8), runs.any_held()) == (True, True)
    assert not runs.any_held()


def test_a_run_whose_process_was_killed_can_be_taken_up(runs, holder, tmp_path):
    holder.kill()
    holder.wait()
    with runs.hold(7):
        assert stat.S_IMODE((tmp_path / "run-7.lock").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_held_once_within_one_process_too_and_freed_by_a_failure(runs):
    with pytest.raises(KeyError), runs.hold(1):
        with pytest.raises(StoreError, match="still goes on"), runs.hold(1):
            raise AssertionError
        raise KeyError
    with runs.hold(1):
        pass


def test_never_do_two_hold_a_run_while_others_remove_its_lock(runs):
    holding = set()

    def hold(number):
        for _ in range(300):
            try:
                with runs.hold(1):
                    holding.add(number)
                    assert holding == {number}
                    holding.remove(number)
            except StoreError:
                pass

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(hold, range(4)))


def test_a_lock_that_is_a_link_is_refused(runs, tmp_path):
    (tmp_path / "run-1.lock").symlink_to("elsewhere")
    with pytest.raises(StoreError, match="cannot be opened") as caught, runs.hold(1):
        raise AssertionError
    assert caught.value.place.path.endswith("run-1.lock")
    assert not (tmp_path / "elsewhere").exists()


def test_where_there_are_no_such_locks_runs_go_on_unguarded(runs, tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(live.fcntl, "flock", no_locks)
    with runs.hold(1), runs.hold(1):
        pass
    monkeypatch.setattr(live, "fcntl", None)
    with runs.hold(1):
        assert list(tmp_path.iterdir()) == []
