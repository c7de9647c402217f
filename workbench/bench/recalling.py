"""Recalling: what came back before, found by words and filters, read whole, and remarked upon."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from workbench.bench.copying import FORMATS, copied
from workbench.context.messages import Context, Message, Origin, Segment
from workbench.errors import UsageError, did_you_mean
from workbench.models.catalogue import Catalogue
from workbench.models.model import Model
from workbench.project.clock import utc_now
from workbench.project.settings import Settings
from workbench.project.yaml import Value
from workbench.store.records import LABELS, RUN_STATUSES, STATUSES, Cell, Contender, Remark, Result, Run
from workbench.store.rows import no_result
from workbench.store.search import Found, Wanted
from workbench.store.store import Store

FORMS = {"answer": "the answer alone, as it came", **FORMATS}
"""What can be copied of a result, and a line on each."""

FILTERS = ("prompt", "model", "status", "version", "case", "label", "run", "since")
"""The words before a colon that narrow a search down; ``v:`` is short for ``version:v:``."""

_WORDS = re.compile(
    rf"""(?P<key>{"|".join(FILTERS)}|v):(?:"(?P<quoted>[^"]*)"?|(?P<plain>\S*))
       | "[^"]*"?
       | \S+""",
    re.VERBOSE,
)
_AGO = re.compile(r"(\d{1,6}) ?(min|h|d|w|y)")
_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365.25),
}


@dataclass(frozen=True)
class Recalled:
    """One result with all that was kept of it.

    ``cell`` is where it stands first, with the result and the number of the run. ``messages`` are the exact
    context as sent, ``inputs`` those of its case. ``replaced_by`` is the result that came when this one, a
    failure, was tried again.
    """

    cell: Cell
    messages: tuple[Message, ...]
    inputs: Mapping[str, Value]
    remark: Remark
    replaced_by: int | None = None

    @property
    def result(self) -> Result:
        """The result itself."""
        assert self.cell.result is not None
        return self.cell.result

    @property
    def context(self) -> Context:
        """The messages as a context; the origins of their segments are not kept."""
        whole = ((Segment(Origin.TEMPLATE, "", 0, len(message.content)),) for message in self.messages)
        return Context(self.messages, tuple(whole))

    @property
    def schema(self) -> Mapping[str, Value] | None:
        """The schema that the answer was to fit, None where it was free."""
        return None if self.cell.schema is None else json.loads(self.cell.schema)


class Recalling:
    """Finds results that were kept, and keeps what a person says of them. Everything here blocks."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, store: Store, judge: Callable[[], str]
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._store = store
        self._judge = judge

    def search(self, wanted: Wanted, limit: int = 50) -> list[Found]:
        """Return the results that are wanted, newest first; without any words or filters the newest."""
        return self._store.search.find(wanted, limit)

    def runs(self, wanted: Wanted, limit: int = 200) -> list[Run]:
        """Return the runs that have such results, newest first; without words and filters all the newest."""
        if wanted == Wanted():
            return self._store.runs.newest(limit)  # also those that have no result yet
        return self._store.search.runs(wanted, limit)

    def result(self, number: int) -> Recalled:
        """Return a result by its number; raises StoreError where there is none."""
        cell = self._store.runs.cell_of_result(number)
        replaced_by = self._store.runs.replaced_by(number)
        try:
            messages = self._store.sources.context(cell.context)
            inputs = self._store.sources.inputs(cell.case_hash)
        except KeyError:  # its run was removed just now
            raise no_result(number) from None
        remark = self._store.remarks.of([number]).get(number, Remark())
        return Recalled(cell, messages, inputs, remark, replaced_by)

    def cells(self, found: Iterable[Found]) -> list[Cell]:
        """Return the cells of what was found, each the one it was found in, in the same order.

        One whose run was removed meanwhile is left out.
        """
        return self._store.runs.cells_at([(one.run, one.position) for one in found])

    def beside(self, number: int) -> tuple[int, ...]:
        """Return the numbers of the results that fill the run of a result, in its order."""
        run = self._store.runs.cell_of_result(number).run
        cells = self._store.runs.cells(run)
        return tuple(dict.fromkeys(cell.result.id for cell in cells if cell.result is not None))

    def copied(self, recalled: Recalled, form: str) -> str:
        """Return a result in one of ``FORMS``: the answer, or the context as it was sent.

        Raises UsageError where its model's provider has no such form.
        """
        if form == "answer":
            return recalled.result.text
        contender = recalled.cell.contender
        return copied(form, recalled.context, self.model(contender), contender.params, recalled.schema)

    def model(self, contender: Contender) -> Model:
        """Return the model that a contender was asked by, as far as it is known today."""
        wanted = contender.string, contender.api_base
        if contender.model in self._settings.models:
            model = self._catalogue.resolve(contender.model)
            if (model.string, model.api_base) == wanted:
                return model
        return replace(self._catalogue.resolve(contender.string), api_base=contender.api_base)

    def label(self, result: int, label: str | None) -> None:
        """Mark a result ``good`` or ``bad``, or with None neither; raises UsageError for another word."""
        if label is not None and label not in LABELS:
            raise UsageError(
                f"“{label}” is no label: {' or '.join(LABELS)}", hint=did_you_mean(label, LABELS)
            )
        self._store.remarks.label(result, label, self._judge(), utc_now())

    def note(self, result: int, note: str | None) -> None:
        """Write a note on a result, in place of the one it had; None, or nothing but space, removes it."""
        self._store.remarks.note(result, (note or "").strip() or None, self._judge(), utc_now())


def read_query(text: str, now: str | None = None, beside: Mapping[str, str] = MappingProxyType({})) -> Wanted:
    """Return what a line of words and filters asks for, and filters that are given ``beside`` it.

    ``prompt:reviews status:error model:smol label:bad run:3 since:7d case:"only one" "in these words"``: a
    filter that has no value yet says nothing, of one given twice the last counts, and those beside the line
    count before those in it. A status is of a result or of a run. Raises UsageError for a value that a filter
    cannot have.
    """
    given: dict[str, str] = {}
    words: list[str] = []
    for found in _WORDS.finditer(text):
        key = found["key"]
        value = found["quoted"] or found["plain"] or ""
        if key is None:
            words.append(found[0])
        elif value:
            given["version" if key == "v" else key] = value
    given |= beside
    for key, known in (("status", (*STATUSES, *RUN_STATUSES)), ("label", LABELS)):
        if given.get(key, known[0]) not in known:
            raise UsageError(
                f"{key}: is one of {', '.join(known)}, not “{given[key]}”",
                hint=did_you_mean(given[key], known),
            )
    run = given.pop("run", None)
    if run is not None and not (run.isascii() and run.isdecimal() and len(run) < 20 and int(run) < 2**63):
        raise UsageError(f"run: takes the number of a run, not “{run}”")
    if "version" in given:
        given["version"] = given["version"].removeprefix("v:").lower()
    if "since" in given:
        given["since"] = read_since(given["since"], now)
    if given.get("status") in RUN_STATUSES:
        given["run_status"] = given.pop("status")
    return Wanted(words=" ".join(words), run=None if run is None else int(run), **given)


def read_since(text: str, now: str | None = None) -> str:
    """Return the time that ``7d``, ``24h``, ``2w``, ``30min``, ``1y`` ago or a date means, as UTC ISO 8601.

    A date, or a date with a time, is of UTC unless it says otherwise. Raises UsageError for anything else.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago is not None:
            here = datetime.fromisoformat((now or utc_now()).replace("Z", "+00:00"))
            then = here - int(ago[1]) * _UNITS[ago[2]]
        else:
            then = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
            then = then.replace(tzinfo=then.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"“{text}” is no time", hint="Write how long ago, such as 7d, 24h or 2w, or a date: 2026-01-31."
        ) from None
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")
