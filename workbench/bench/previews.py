"""What a preview holds: a context, and what each model makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.bench.versions import Target
from workbench.context.findings import Finding
from workbench.context.messages import Context
from workbench.models.estimate import CostEstimate
from workbench.models.model import Model
from workbench.models.tokens import TokenCount
from workbench.project.yaml import Value
from workbench.prompts.cases import Case
from workbench.store.records import Renamed

NO_CASE = Case("", {})
"""What a prompt without cases is rendered with."""


@dataclass(frozen=True)
class ModelPreview:
    """What one model makes of the context.

    ``context`` is what this model receives, with what its engine inserts. ``count`` and ``cost`` are None
    where they cannot be known, and ``unready`` then says why. ``problems`` would keep a run from starting.
    ``warning`` says why past results are left out of account, ``renamed`` which model answered before.
    """

    model: Model
    params: Mapping[str, Value]
    context: Context
    count: TokenCount | None
    cost: CostEstimate | None
    problems: tuple[str, ...] = ()
    unready: str | None = None
    warning: str | None = None
    renamed: Renamed | None = None


@dataclass(frozen=True)
class Preview:
    """A rendered context and what each model makes of it; ``warnings`` are one line each."""

    target: Target
    case: Case | None
    context: Context
    models: tuple[ModelPreview, ...]
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def shown(self) -> Context:
        """The context as the first model receives it."""
        return self.models[0].context if self.models else self.context
