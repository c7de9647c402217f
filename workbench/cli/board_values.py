"""The board in the shape of ``--json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.bench.board_views import AtCommit, BoardRow, BoardView
from workbench.bench.shown import short_version, usd
from workbench.project.yaml import Value
from workbench.verdicts.agreement import Agreement
from workbench.verdicts.effects import Effect
from workbench.verdicts.frontier import Frontier
from workbench.verdicts.intervals import Share
from workbench.verdicts.matrix import Matrix


def board_value(view: BoardView, commits: Sequence[AtCommit] | None) -> Value:
    """Return the board; contenders are named by their labels, ``commits`` is null where not asked for."""
    labels = {row.key: row.label for row in view.rows}
    return {
        "by": view.by,
        "contenders": [_row(row, view.by) for row in view.rows],
        "connected": view.board.connected,
        "votes": view.votes,
        "blind": view.blind,
        "identical": view.identical,
        "bad": view.board.bad,
        "skipped": view.board.skipped,
        "sign_test": view.board.sign_test,
        "matrix": _matrix(view.matrix, labels),
        "sides": _effect(view.sides),
        "lengths": _effect(view.lengths),
        "by_cost": _frontier(view.by_cost, labels),
        "by_time": _frontier(view.by_time, labels),
        "judges": [{"judge": judge, **_agreement(view.consistency[judge])} for judge in view.judges],
        "agreements": [
            {"judges": [one, other], **_agreement(found)} for one, other, found in view.agreements
        ],
        "commits": None if commits is None else [_commit(one) for one in commits],
    }


def _row(row: BoardRow, by: str) -> Value:
    contender = row.contender
    return {
        "label": row.label,
        "prompt": contender.prompt,
        "version": short_version(contender.version) if by != "model" else None,
        "model": contender.string if by != "version" else None,
        "params": dict(contender.params) if by == "contender" else None,
        "votes": row.votes,
        "wins": row.standing.wins,
        "losses": row.standing.losses,
        "ties": row.ties,
        "identical": row.standing.identical,
        "bad": row.standing.bad,
        "win_rate": row.standing.win_rate,
        "rating": row.standing.rating,
        "low": row.standing.low,
        "high": row.standing.high,
        "undecided": row.standing.undecided,
        "votes_needed": row.standing.votes_needed,
        "cost": usd(row.cost),
        "total": row.total,
        "bads": _share(row.bads),
        "passed": row.passed and {"good": row.passed.good, "bad": row.passed.bad, **_given(row.passed.rate)},
    }


def _matrix(matrix: Matrix, labels: Mapping[str, str]) -> Value:
    """Return each meeting once, seen from the one that stands higher."""
    places = {key: place for place, key in enumerate(matrix.contenders)}
    return [
        {
            "first": labels[one],
            "second": labels[other],
            "wins": met.wins,
            "losses": met.losses,
            "ties": met.ties,
            "identical": met.identical,
            "bad": met.bad,
            "skipped": met.skipped,
            "win_rate": _share(met.rate),
            "sign_test": met.sign_test,
        }
        for (one, other), met in matrix.meetings.items()
        if places[one] < places[other]
    ]


def _effect(effect: Effect) -> Value:
    return {
        "wins": effect.wins,
        "losses": effect.losses,
        "ties": effect.ties,
        "share": _share(effect.share),
        "p": effect.p,
    }


def _frontier(found: Frontier, labels: Mapping[str, str]) -> Value:
    return {
        "best": [labels[key] for key in found.best],
        "enough": labels[found.enough] if found.enough is not None else None,
        "shortfall": found.shortfall,
    }


def _agreement(found: Agreement) -> dict[str, Value]:
    return {
        "pairs": found.pairs,
        "same": _share(found.same),
        "kappa": found.kappa,
        "kappa_low": found.interval and found.interval.low,
        "kappa_high": found.interval and found.interval.high,
    }


def _commit(at: AtCommit) -> Value:
    return {
        "commit": at.commit,
        "date": at.date,
        "subject": at.subject,
        "version": short_version(at.version) if at.version else None,
        "votes": at.win_rate.votes if at.win_rate else 0,
        "win_rate": _share(at.win_rate),
    }


def _share(share: Share | None) -> Value:
    return None if share is None else _given(share)


def _given(share: Share) -> dict[str, Value]:
    return {"rate": share.rate, "low": share.low, "high": share.high}
