"""A run as a grid: what happens in it shows in its cells and counts, and how long it will still take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.records import cell_of, contender_of, result_of
from workbench.bench.grid import Grid, Stopwatch, row_of, seconds_left
from workbench.runs.events import Arrived, Finished, Retried, Started

ONE, TWO = contender_of(id=1), contender_of(id=2, model="large", string="openai/large")


def grid_of() -> Grid:
    """Two contenders with two cases each, of which those of one case are asked by one call."""
    cells = [
        cell_of(0, "a", ONE, call_key="same"),
        cell_of(1, "a", TWO, call_key="same"),
        cell_of(2, "b", ONE, call_key="b1"),
        cell_of(3, "b", TWO, call_key="b2"),
    ]
    return Grid.of(7, cells, "running")


def test_rows_and_contenders_stand_in_the_order_of_the_plan():
    grid = grid_of()
    assert grid.contenders == [1, 2]
    assert [name for _, name, _ in grid.rows] == ["case a", "case b"]
    found = grid.at(1, 2)
    assert found is not None and found.position == 3
    assert grid.at(1, 99) is None
    assert grid.row(3) == 1 and row_of(found) == grid.rows[1]


def test_text_arrives_until_the_result_is_there():
    grid = grid_of()
    assert list(grid.take(Started("b1"))) == [2]
    assert grid.is_under_way(1) and not grid.is_under_way(0)
    grid.take(Arrived("b1", "Hel", "so"))
    grid.take(Arrived("b1", "lo", "lo"))
    assert (grid.arriving["b1"].text, grid.arriving["b1"].reasoning) == ("Hello", "solo")
    grid.take(Finished("b1", result_of("b", "Hello")))
    assert not grid.arriving and grid.cells[2].result is not None and grid.done == 1


def test_what_arrived_before_a_try_that_failed_is_void_and_the_reason_is_kept():
    grid = grid_of()
    grid.take(Started("b1"))
    grid.take(Arrived("b1", "Hel"))
    grid.take(Retried("b1", 1, "the connection was lost", 0.5))
    arriving = grid.arriving["b1"]
    assert (arriving.text, arriving.tries, arriving.trouble) == ("", 2, "the connection was lost")


def test_one_call_fills_every_cell_that_asked_for_it_and_is_paid_for_once():
    grid = grid_of()
    assert list(grid.take(Finished("same", result_of("a", cost=50)))) == [0, 1]
    assert (grid.done, grid.failed, grid.cost) == (2, 0, 50)
    stored = Grid.of(7, list(grid.cells.values()), "done")
    assert (stored.done, stored.failed, stored.cost) == (2, 0, 50)


def test_a_failure_that_is_asked_again_counts_as_failed_no_more():
    grid = grid_of()
    grid.take(Finished("b1", result_of("b", "", status="error", error_kind="server", cost=None)))
    assert (grid.done, grid.failed, list(grid.failures())) == (1, 1, [2])
    grid.take(Finished("b1", result_of("b", cost=50)))
    assert (grid.done, grid.failed, grid.cost, list(grid.failures())) == (1, 0, 50, [])


def test_what_an_earlier_run_has_paid_for_costs_nothing():
    grid = Grid.of(1, [cell_of(0, result=result_of(cost=50), cached=True)], "done")
    assert (grid.done, grid.cost, grid.left) == (1, 0, {})


@given(st.lists(st.tuples(st.sampled_from(["same", "b1", "b2"]), st.sampled_from(["ok", "error"]))))
def test_the_counts_are_those_of_the_cells_whatever_comes_when(ends: list[tuple[str, str]]):
    grid = grid_of()
    for key, status in ends:
        grid.take(Finished(key, result_of(key, status=status, cost=7)))
    results = [cell.result for cell in grid.cells.values() if cell.result]
    assert grid.done == len(results)
    assert grid.failed == sum(result.status == "error" for result in results)
    assert grid.cost == 7 * len({key for key, _ in ends})
    assert set().union(*grid.left.values()) == {"same", "b1", "b2"} - {key for key, _ in ends}


def test_the_time_left_is_that_of_the_model_that_takes_longest():
    slow, quick = ("openai/slow", None), ("openai/quick", None)
    left = {slow: {"a", "b"}, quick: {"c", "d", "e"}}
    at = {slow: 10.0, quick: 10.0}
    assert seconds_left(left, {slow: 1, quick: 10}, at, 10) == pytest.approx(20)
    assert seconds_left(left, {quick: 10}, at, 10) is None
    assert seconds_left({slow: set()}, {}, {}, 10) == 0


def test_the_time_left_grows_less_while_one_waits_for_an_answer():
    grid = grid_of()
    grid.take(Started("b1"), 0)
    grid.take(Started("same"), 1)
    grid.take(Finished("b1", result_of("b")), 4)
    assert grid.arriving["same"].since == 1 and list(grid.waiting()) == [0, 1]
    of_one = {model: calls for model, calls in grid.left.items() if model in grid.answered_now}
    left = [seconds_left(of_one, grid.answered_now, grid.answered_at, passed) for passed in (4, 5, 7, 60)]
    assert left == [4, 3, 1, 0]


def test_what_has_no_price_is_counted_apart_and_what_is_no_answer_is_none():
    grid = grid_of()
    grid.take(Finished("same", result_of("a", cost=None)))
    grid.take(Finished("b1", result_of("b", cost=50)))
    grid.take(Finished("b2", result_of("b", "", status="error", error_kind="server", cost=None)))
    assert (grid.done, grid.answered, grid.failed, grid.cost, grid.unpriced) == (4, 3, 1, 50, 1)
    assert not grid.free
    local = cell_of(contender=contender_of(string="local/smol"), result=result_of(cost=0))
    assert Grid.of(1, [local], "done").free


def test_the_time_a_run_is_paused_does_not_count():
    watch = Stopwatch(100)
    assert watch.passed(103) == 3
    watch.set_paused(True, 105)
    assert watch.passed(150) == 5
    watch.set_paused(True, 150)
    assert watch.passed(150) == 5
    watch.set_paused(False, 150)
    watch.set_paused(False, 151)
    assert watch.passed(152) == 7
