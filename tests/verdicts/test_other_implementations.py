"""The strengths against those that choix finds.

`choix_tables.json` holds forty tables, of three to eight contenders, and the strengths that choix 0.4.1 fits
to them. It is not asked anew at each test: it brings numpy along, and where numpy is installed sqlite-utils
imports it, so that every start would be measured with it. Each table was made by
`choix.ilsr_pairwise_dense(scores, tol=1e-11)`, the scores being wins, half the ties and a quarter of a win of
prior each way, and the strengths moved to mean zero.
"""

import json
from pathlib import Path

import pytest

from workbench.verdicts.strengths import fit
from workbench.verdicts.votes import Tally

TABLES = json.loads((Path(__file__).parent / "choix_tables.json").read_text())


def test_there_are_many_tables_of_many_sizes():
    assert len(TABLES) == 40
    assert {len(table["strengths"]) for table in TABLES} == {3, 4, 5, 6, 7, 8}


@pytest.mark.parametrize("table", TABLES, ids=range(len(TABLES)))
def test_the_strengths_are_those_that_choix_finds(table):
    tallies = {
        (i, j): Tally({"": [wins, losses, ties, 0]}, wins, losses, ties)
        for i, j, wins, losses, ties in table["votes"]
    }
    fitted = fit(len(table["strengths"]), tallies)
    assert fitted.values == pytest.approx(table["strengths"], abs=1e-6)
