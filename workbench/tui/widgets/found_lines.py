"""Runs and results that were found, as lines of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from workbench.bench.shown import age, inert, one_line, short_version, spent
from workbench.store.records import Run
from workbench.store.search import Found
from workbench.store.words import CLOSED, OPENED

MARKS = {"good": "+ good", "bad": "- bad", None: ""}
"""How a mark is shown: a sign, and the word."""

PROMPT, MODEL, CASE, NUMBER = 24, 16, 20, 6
"""Columns that names have at most in a list, and that numbers have."""


def run_lines(runs: Sequence[Run], now: str) -> Iterator[tuple[int, Content]]:
    """Yield the number of each run and the run as one line; ``now`` is what ages are counted from."""
    columns = [
        (one_line(run.prompt, PROMPT), run.status, spent(run.spent, run.unpriced, free=run.local))
        for run in runs
    ]
    prompts, statuses, costs = (max((len(row[at]) for row in columns), default=0) for at in range(3))
    for run, (prompt, status, cost) in zip(runs, columns, strict=True):
        counts = ", ".join(f"{number:,} {became}" for became, number in run.counts.items())
        samples = f" × {run.samples}" if run.samples > 1 else ""
        yield (
            run.id,
            Content.assemble(
                f"{run.id:>{NUMBER}}  {prompt:<{prompts}}  {status:<{statuses}}  {cost:>{costs}} ",
                (
                    f"{age(run.started, now):>6}  {run.contenders} × {run.cases}{samples}: {counts}",
                    "$text-muted",
                ),
            ),
        )


def result_lines(found: Found, now: str) -> Content:
    """Return a result as a line over the snippet that it was found by, with the hits in bold."""
    parts = (
        f"{found.result:>{NUMBER}}  {one_line(found.prompt, PROMPT)}",
        one_line(found.case or "", CASE),
        one_line(found.model, MODEL),
        "" if found.status == "ok" else found.status,
        MARKS.get(found.label, ""),
    )
    where = "" if found.where == "output" else f"{found.where}: "
    return Content.assemble(
        "  ".join(part for part in parts if part),
        (f"  {short_version(found.version)} · run {found.run} · {age(found.ended, now)}", "$text-muted"),
        "\n",
        " " * (NUMBER + 2),
        (where, "$text-muted"),
        snippet(found.snippet),
    )


def snippet(text: str) -> Content:
    """Return a snippet on one line, its hits in bold."""
    pieces: list[Content | tuple[str, str] | str] = []
    for number, piece in enumerate(text.split(OPENED)):
        hit, ends, rest = piece.partition(CLOSED)
        if number and ends:
            pieces += [(_flat(hit), "bold underline"), _flat(rest)]
        else:
            pieces.append(_flat(piece))
    return Content.assemble(*pieces)


def _flat(text: str) -> str:
    return inert(text).replace("\n", " ").replace("\t", " ")
