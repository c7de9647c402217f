import pytest

from tests.support.projects import rendered, version_of
from workbench.context.tags import unclosed

LONG_RUNS = [
    "~" * 50_000,
    "`" * 50_000,
    "~~~ " * 50_000,
    "``` " * 50_000,
    "~~~\n" * 50_000,
    "```\n" * 50_000,
    f"~~~\n{'~' * 50_000} x",
    f"```\n{'`' * 50_000} x",
]


@pytest.mark.parametrize("run", LONG_RUNS, ids=[f"{run[:5]!r}…" for run in LONG_RUNS])
def test_long_runs_of_fences_get_an_answer(run):
    written = f"<a>\n{run}"
    (found,) = unclosed(version_of(written), rendered(written))
    assert found.at == (0, 0)


@pytest.mark.parametrize("fence", ["~~~", "~~~~", "```", "`````"])
def test_what_stands_between_fences_of_any_length_is_not_read(fence):
    written = f"Hi.\n{fence}xml\n<a>\n{fence}\n<b>"
    assert [found.at for found in unclosed(version_of(written), rendered(written))] == [
        (0, written.index("<b>"))
    ]
