"""Runs and results that were found, as lines of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from workbench.bench.shown import age, inert, money, one_line, short_version
from workbench.store.records import Run
from workbench.store.search import Found

HIT_BEGINS, HIT_ENDS = "\x02", "\x03"
"""What stands around each hit in a snippet."""

LABELS = {"good": "+ good", "bad": "- bad", None: ""}
"""How a mark is shown: a sign, and the word."""

PROMPT, MODEL, CASE, NUMBER = 24, 16, 20, 6
"""Columns that names have at most in a list, and that numbers have."""


def run_lines(runs: Sequence[Run], now: str) -> Iterator[tuple[int, Content]]:
    """Yield the number of each run and the run as one line; ``now`` is what ages are counted from."""
    width = max((len(one_line(run.prompt, PROMPT)) for run in runs), default=0)
    for run in runs:
        yield run.id, _run_line(run, width, now)


def _run_line(run: Run, width: int, now: str) -> Content:
    counts = ", ".join(f"{number:,} {status}" for status, number in run.counts.items())
    samples = f" × {run.samples}" if run.samples > 1 else ""
    return Content.assemble(
        f"{run.id:>{NUMBER}}  {one_line(run.prompt, PROMPT):<{width}}  {run.status:<11} ",
        f"{money(run.cost):>9} ",
        (f"{age(run.started, now):>6}  {run.contenders} × {run.cases}{samples}: {counts}", "$text-muted"),
    )


def result_lines(found: Found, now: str) -> Content:
    """Return a result as a line over the snippet that it was found by, with the hits in bold."""
    parts = (
        f"{found.result:>{NUMBER}}  {one_line(found.prompt, PROMPT)}",
        one_line(found.case or "", CASE),
        one_line(found.model, MODEL),
        "" if found.status == "ok" else found.status,
        LABELS.get(found.label, ""),
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
    for number, piece in enumerate(text.split(HIT_BEGINS)):
        hit, ends, rest = piece.partition(HIT_ENDS)
        if number and ends:
            pieces += [(_flat(hit), "bold underline"), _flat(rest)]
        else:
            pieces.append(_flat(piece))
    return Content.assemble(*pieces)


def _flat(text: str) -> str:
    return inert(text).replace("\n", " ").replace("\t", " ")
