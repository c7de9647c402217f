import pytest

from workbench.bench.figures import certainty, correction, price, prices
from workbench.bench.previews import ModelPreview
from workbench.context.messages import Context
from workbench.models.estimate import CostEstimate
from workbench.models.model import Model, Prices
from workbench.models.tokens import TokenCount

MICRO = 10**6
PRICED = Model("lab", "openai/lab", prices=Prices(1, 1))
UNPRICED = Model("lab", "openai/lab")
FREE = Model("smol", "local/smollm2-135m", free=True)


def count(*, exact=False, observations=0, error=None):
    return TokenCount(10, (10,), ((10,),), 0, exact, observations, 10, error=error)


@pytest.mark.parametrize(
    ("counted", "sure", "corrected"),
    [
        (count(exact=True), "=", ""),
        (count(), "≈", ""),
        (count(observations=1), "≈ of 1", "1 report"),
        (count(observations=4, error=0.0234), "≈ ±2.3 % of 4", "4 reports, off by 2.3 %"),
    ],
)
def test_a_count_says_how_far_to_trust_it(counted, sure, corrected):
    assert (certainty(counted), correction(counted)) == (sure, corrected)


@pytest.mark.parametrize(
    ("model", "pico", "said"),
    [
        (PRICED, 31 * MICRO, "$0.000031"),
        (PRICED, 0, "$0"),
        (PRICED, None, "-"),
        (UNPRICED, None, "unpriced"),
        (FREE, None, "free"),
        (FREE, 0, "free"),
    ],
)
def test_a_price_that_is_not_known_is_not_one_that_nobody_told(model, pico, said):
    assert price(model, pico) == said
    assert price(model, pico, "?") == ("?" if said == "-" else said)


@pytest.mark.parametrize(
    ("model", "cost", "said"),
    [
        (PRICED, CostEstimate(31 * MICRO, 0, 0, 0), ["in $0.000031", "out $0"]),
        (
            PRICED,
            CostEstimate(31 * MICRO, 0, MICRO, None, input_cached=3 * MICRO),
            ["in $0.000031 ($0.000003 cached)", "out $0 – $0.000001 – no limit known"],
        ),
        (PRICED, None, []),
        (UNPRICED, None, ["unpriced"]),
        (FREE, None, ["free"]),
    ],
)
def test_a_call_costs_its_input_and_its_output_as_far_as_they_are_known(model, cost, said):
    assert list(prices(ModelPreview(model, {}, Context((), ()), None, cost))) == said
