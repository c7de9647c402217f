"""The tokens of many versions of one prompt: for one case and one model, each version once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.bench.counting import NO_PAST, Counting, Past
from workbench.bench.previewing import Previewing
from workbench.bench.previews import NO_CASE
from workbench.context.messages import Context
from workbench.errors import CasesError, PromptError, StoreError, WorkbenchError
from workbench.models.model import Model
from workbench.project.yaml import Value
from workbench.prompts.cases import Case, choose
from workbench.prompts.version import Version


@dataclass(frozen=True)
class Question:
    """What tokens are counted for."""

    case: Case
    model: Model

    def key(self, version: str) -> tuple[str, str, str, str | None]:
        """Return under which name the answer for a version is remembered."""
        return version, self.case.hash, self.model.string, self.model.api_base


@dataclass(frozen=True)
class Counted:
    """The tokens of a version; None where it cannot be rendered, and ``trouble`` then says why."""

    tokens: int | None
    exact: bool = True
    trouble: str | None = None


@dataclass
class TokenCounts:
    """Counts versions, and remembers by hash what it counted."""

    previewing: Previewing
    counting: Counting
    _known: dict[tuple[str, str, str, str | None], Counted] = field(default_factory=dict)
    _past: dict[tuple[str, str, str | None, bool], Past] = field(default_factory=dict)

    def question(self, version: Version, cases: Sequence[Case], case: str | None) -> Question:
        """Return what to count for: a case by its name, or the first, and the version's first model.

        Raises CasesError where the case is not there, or there is none and the prompt needs inputs;
        UsageError for a model there is not.
        """
        prompt = version.prompt
        chosen = choose(tuple(cases), case, prompt.name) if case else (*cases, NO_CASE)[0]
        if chosen is NO_CASE and any(declared.required for declared in prompt.inputs.values()):
            raise CasesError(
                f"{prompt.name} has no cases, and without inputs it cannot be rendered",
                hint=f"Write one case into prompts/{prompt.name}.cases.yml.",
            )
        models = self.previewing.models_of(version)
        if not models:
            raise PromptError("there is no model to count for", hint="Name one under defaults: models:.")
        return Question(chosen, models[0])

    def known(self, question: Question, version: str) -> Counted | None:
        """Return what was counted before."""
        return self._known.get(question.key(version))

    async def count(self, question: Question, versions: Sequence[Version]) -> dict[str, Counted]:
        """Return the tokens of some versions by hash.

        Raises ModelUnreadyError or CallError where the model cannot count.
        """
        rendered = await asyncio.to_thread(lambda: [self._rendered(question, one) for one in versions])
        found: dict[str, Counted] = {}
        for version, context in zip(versions, rendered, strict=True):
            if isinstance(context, Context):
                found[version.hash] = await self._counted(question, version, context)
            else:
                found[version.hash] = Counted(None, trouble=str(context))
        self._known.update((question.key(version), counted) for version, counted in found.items())
        return found

    def forget(self) -> None:
        """Count all anew: what past results teach about a model may have changed."""
        self._known.clear()
        self._past.clear()

    def _rendered(self, question: Question, version: Version) -> Context | WorkbenchError:
        try:
            return self.previewing.render_all(version, [question.case])[0]
        except (PromptError, CasesError) as broken:
            return broken

    async def _counted(self, question: Question, version: Version, context: Context) -> Counted:
        model, schema = question.model, version.prompt.schema
        key = (version.prompt.name, model.string, model.api_base, schema is not None)
        if key not in self._past:
            self._past[key] = await asyncio.to_thread(self._past_of, version.prompt.name, model, schema)
        ((_, count),) = await self.counting.count([context], model, schema, self._past[key])
        return Counted(count.total, count.exact)

    def _past_of(self, prompt: str, model: Model, schema: Mapping[str, Value] | None) -> Past:
        try:
            return self.counting.past(prompt, model, schema)
        except StoreError:  # a history can be read without its past, as a prompt can be
            return NO_PAST
