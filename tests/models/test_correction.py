import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.models.correction import Correction, Observation, fitted


def seen(sizes, report, messages=2):
    return [Observation(size, messages, round(report(size, messages))) for size in sizes]


def test_nothing_is_learnt_from_nothing():
    assert fitted([]) is None
    assert fitted([Observation(0, 1, 5), Observation(5, 1, 0)]) is None


def test_one_observation_gives_a_ratio_whose_error_nobody_knows():
    assert fitted([Observation(100, 2, 125)]) == Correction(1.25, 0, 0, None, 1)


def test_few_or_like_observations_give_a_ratio():
    few = fitted(seen([100, 200, 400], lambda size, _: 1.2 * size))
    assert (few.factor, few.offset, few.observations) == (pytest.approx(1.2), 0, 3)
    alike = fitted(seen(range(100, 200, 5), lambda size, _: size + 50))
    assert (alike.offset, alike.per_message) == (0, 0)
    assert alike.error > 0.02


def test_spread_observations_give_a_line():
    line = fitted(seen(range(100, 1000, 90), lambda size, _: 1.17 * size + 31))
    assert line.factor == pytest.approx(1.17, abs=0.005)
    assert line.offset == pytest.approx(31, abs=2)
    assert line.error < 0.005
    assert abs(line.total(5000, 2) - (1.17 * 5000 + 31)) < 0.005 * 5000


def test_messages_have_a_weight_of_their_own():
    rng = random.Random(1)
    observed = [
        Observation(size, messages, round(1.17 * size + 11 * messages))
        for size, messages in ((rng.randint(50, 900), rng.randint(1, 9)) for _ in range(12))
    ]
    line = fitted(observed)
    assert line.per_message == pytest.approx(11, abs=1)
    assert line.error < 0.01
    assert abs(line.total(400, 20) - (1.17 * 400 + 220)) < 0.02 * 700


def test_a_line_that_predicts_no_better_is_not_taken():
    rng = random.Random(2)
    noisy = [Observation(size, 1, round(size * rng.uniform(0.8, 1.2))) for size in (100, 105, 110, 115, 900)]
    assert fitted(noisy).offset == 0


def test_the_error_is_that_of_predicting_each_from_the_others():
    rng = random.Random(3)
    observed = [Observation(size, 1, round(1.1 * size + rng.gauss(20, 10))) for size in range(100, 900, 80)]
    line = fitted(observed)
    assert line.offset != 0
    errors = []
    for at, left_out in enumerate(observed):
        others = [each for other, each in enumerate(observed) if other != at]
        xs, ys = [e.estimated / e.reported for e in others], [1 / e.reported for e in others]
        a, b, c = (
            sum(x * x for x in xs),
            sum(x * y for x, y in zip(xs, ys, strict=True)),
            sum(y * y for y in ys),
        )
        determinant = a * c - b * b
        factor = (c * sum(xs) - b * sum(ys)) / determinant
        offset = (a * sum(ys) - b * sum(xs)) / determinant
        errors.append(abs(factor * left_out.estimated + offset - left_out.reported) / left_out.reported)
    assert line.error == pytest.approx(sum(errors) / len(errors))


@pytest.mark.parametrize("absurd", [1, 100_000])
def test_one_absurd_report_among_many_teaches_nothing(absurd):
    sound = seen(range(100, 1000, 100), lambda size, _: 1.17 * size + 11)
    assert fitted([*sound, Observation(500, 2, absurd)]) == fitted(sound)


def test_a_few_reports_far_from_the_estimate_teach_nothing():
    assert fitted([Observation(100, 2, 1)]) is None
    assert fitted([Observation(100, 2, 401)] * 2) is None
    assert fitted([Observation(100, 2, 400)]).factor == 4
    assert fitted([Observation(100, 2, 25)]).factor == 0.25
    assert fitted([Observation(100, 2, 1), Observation(100, 2, 120)]) == fitted([Observation(100, 2, 120)])


def test_a_line_that_predicts_no_better_than_the_estimate_alone_is_not_used():
    reported = (100, 100, 100, 100, 130)
    alone = fitted([Observation(100, 1, one) for one in reported])
    assert alone == Correction(1.0, error=pytest.approx(30 / 130 / 5), observations=5)
    assert alone.total(777, 3) == 777


def test_many_reports_far_from_the_estimate_teach_how_far():
    assert fitted(seen(range(100, 1000, 100), lambda size, _: 6 * size)).factor == pytest.approx(6)


observations = st.builds(
    Observation, st.integers(0, 10**6), st.integers(1, 20), st.integers(0, 10**6) | st.integers(0, 50)
)


@given(st.lists(observations, max_size=30), st.integers(0, 10**6), st.integers(1, 20))
def test_whatever_was_reported_no_count_is_negative(observed, estimated, messages):
    line = fitted(observed)
    usable = [each for each in observed if min(each) > 0]
    if line is None:
        outside = (each for each in usable if not 1 / 4 <= each.reported / each.estimated <= 4)
        assert not usable or any(outside)
        return
    assert line.factor > 0
    assert line.error is None or line.error >= 0
    assert line.total(estimated, messages) >= 0
    assert 1 <= line.observations <= len(usable)
