"""A contender and all that it is asked in one run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from workbench.bench.previews import ModelPreview
from workbench.bench.requests import Misfitting
from workbench.bench.versions import Target
from workbench.context.messages import Context
from workbench.errors import Place
from workbench.models.calls import Call
from workbench.models.model import Model
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.prompts.version import Version
from workbench.runs.plan import Plan, Question, make_plan
from workbench.store.records import Cell, Contender, Result


@dataclass(frozen=True)
class Asked:
    """A case as it is put to one contender: what is sent, and the key of each sample's call."""

    case: Case
    context: Context
    hash: str
    call: Call
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Asking:
    """One contender and all it is asked; ``over`` are the params that it was given at last."""

    target: Target
    model: Model
    over: Mapping[str, Value]
    asked: list[Asked]

    def questions(self, asked: Asked, found: ModelPreview | None) -> list[Question]:
        """Return the question to this contender once a sample; what was not counted has no figures."""
        prompt, model = self.target.version.prompt, self.model
        count, cost = (found.count, found.cost) if found else (None, None)
        cell = Cell(
            position=0,
            contender=Contender(
                prompt.name,
                self.target.version.hash,
                model.name,
                model.string,
                model.api_base,
                asked.call.params,
            ),
            case=asked.case.name or None,
            case_hash=asked.case.hash,
            sample=1,
            context=asked.hash,
            call_key=asked.keys[0],
            revision=self.target.revision,
            dirty=self.target.dirty,
            expect=asked.case.expect,
            estimated=count.raw_total if count else None,
            high=cost.high if cost else None,
            schema=json.dumps(prompt.schema) if prompt.schema is not None else None,
            shown=count.total if count else None,
            exact=count.exact if count else False,
            messages=len(asked.call.messages),
        )
        others = (replace(cell, sample=n, call_key=key) for n, key in enumerate(asked.keys[1:], start=2))
        return [Question(each, asked.call, cell.estimated, cost) for each in (cell, *others)]

    def misfits(self, found: ModelPreview) -> list[Misfitting]:
        """Return why this contender cannot run as planned."""
        version = self.target.version
        swept_to = "".join(
            f" {name}={json.dumps(value, ensure_ascii=False)}" for name, value in self.over.items()
        )
        contender = f"{version.prompt.name} {version.short} {self.model.name}{swept_to}"
        return [
            Misfitting(contender, problem, _place_of(problem, version, self.over))
            for problem in found.problems
        ]


def laid_out(
    questions: list[Question], cases: list[str], samples: int, answers: Mapping[str, Result]
) -> Plan:
    """Return the plan, by case and not by contender: the answers to one case come in side by side."""
    turn = {key: number for number, key in enumerate(cases)}
    questions.sort(key=lambda question: (turn[question.cell.case_hash], question.cell.sample))
    ordered = [
        replace(question, cell=replace(question.cell, position=position))
        for position, question in enumerate(questions)
    ]
    prompts = ", ".join(dict.fromkeys(question.cell.contender.prompt for question in ordered))
    return make_plan(prompts, samples, ordered, answers)


def _place_of(problem: str, version: Version, over: Mapping[str, Value]) -> Place | None:
    """Return where the param that a problem names was set, or None where that is not in the prompt."""
    for name in version.prompt.params:
        if f"“{name}”" in problem and name not in over:
            return version.prompt.places.get(f"params.{name}")
    return None
