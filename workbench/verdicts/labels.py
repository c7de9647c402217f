"""How many answers of each contender are good: labels of single results, no comparison."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.verdicts.intervals import Share, share
from workbench.verdicts.votes import Outcome, Tally


@dataclass(frozen=True, slots=True)
class Label:
    """One result called good or bad; ``case`` is the hash of its case's inputs."""

    contender: str
    case: str
    good: bool
    result: int
    judge: str = ""


@dataclass(frozen=True, slots=True)
class PassRate:
    """One contender's labels: how many ``good`` and ``bad``, and the share of good with its interval.

    ``results`` are how many different answers were labelled, ``split`` of them both good and bad, by
    different judges.
    """

    contender: str
    good: int
    bad: int
    results: int
    split: int
    rate: Share


def pass_rates(labels: Iterable[Label]) -> dict[str, PassRate]:
    """Return the pass rate of every contender with a label, in the order they are met.

    The interval is Wilson's, its n divided by the design effect: samples of one case are alike, and so are
    several judges' labels of one result. It speaks of all answers only where those labelled are a random
    sample of them.
    """
    tallies: dict[str, Tally] = {}
    said: dict[str, dict[int, set[bool]]] = {}
    for label in labels:
        of = tallies.setdefault(label.contender, Tally())
        of.add(label.case, Outcome.WIN if label.good else Outcome.LOSS)
        said.setdefault(label.contender, {}).setdefault(label.result, set()).add(label.good)
    rates = {}
    for contender, of in tallies.items():
        rate, results = share(of), said[contender]
        assert rate is not None, "a contender without labels is not met"
        split = sum(len(both) == 2 for both in results.values())
        rates[contender] = PassRate(contender, of.wins, of.losses, len(results), split, rate)
    return rates
