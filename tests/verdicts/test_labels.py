"""Labels of good and bad."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.verdicts.intervals import wilson
from workbench.verdicts.labels import Label, pass_rates

LABELS = st.lists(
    st.builds(
        Label,
        contender=st.sampled_from("ab"),
        case=st.sampled_from("xyz"),
        good=st.booleans(),
        result=st.integers(1, 9),
        judge=st.sampled_from(["ann", "bob"]),
    ),
    max_size=30,
)


def test_the_pass_rate_is_the_share_of_good_with_wilsons_interval():
    labels = [Label("a", f"case {n}", n < 15, n) for n in range(20)]
    found = pass_rates([*labels, Label("b", "case 1", False, 99)])
    assert list(found) == ["a", "b"]
    expected = wilson(0.75, 20)
    assert (found["a"].good, found["a"].bad, found["a"].results, found["a"].split) == (15, 5, 20, 0)
    assert (found["a"].rate.rate, found["a"].rate.low, found["a"].rate.high) == (
        0.75,
        expected.low,
        expected.high,
    )
    assert found["b"].rate.rate == 0.0 and found["b"].rate.high > 0.7
    assert pass_rates([]) == {}


def test_samples_of_the_same_case_say_less():
    alone = pass_rates(Label("a", str(n), n % 4 > 0, n) for n in range(40))["a"].rate
    alike = pass_rates(Label("a", str(n // 4), n // 4 % 4 > 0, n) for n in range(40))["a"].rate
    assert alone.rate == 0.75 and alike.rate == pytest.approx(0.7)
    assert alike.margin > 1.5 * alone.margin


def test_one_result_called_both_is_told():
    found = pass_rates(
        [Label("a", "x", True, 1, "ann"), Label("a", "x", False, 1, "bob"), Label("a", "y", True, 2)]
    )
    assert (found["a"].results, found["a"].split, found["a"].rate.votes) == (2, 1, 3)


@given(LABELS, st.randoms())
def test_order_does_not_matter_and_good_mirrors_bad(labels, rng):
    found = pass_rates(labels)
    assert found == pass_rates(rng.sample(labels, len(labels)))
    turned = pass_rates(Label(one.contender, one.case, not one.good, one.result, one.judge) for one in labels)
    assert set(found) == set(turned) == {label.contender for label in labels}
    for contender, one in found.items():
        other = turned[contender]
        assert (one.good, one.bad, one.split) == (other.bad, other.good, other.split)
        assert 0 <= one.rate.low <= one.rate.rate <= one.rate.high <= 1 and one.rate.margin > 0
        assert one.rate.low == pytest.approx(1 - other.rate.high, abs=1e-9)
