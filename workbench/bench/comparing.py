"""Comparing: what differs between two versions of a prompt, in their files and in what a model receives."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.bench.entries import WORKING_TREE
from workbench.bench.previewing import Previewing
from workbench.bench.previews import NO_CASE, ModelPreview
from workbench.bench.versions import Target, Versions
from workbench.context.messages import Context
from workbench.errors import CasesError, PromptError
from workbench.models.tokens import TokenCount
from workbench.prompts.cases import SUFFIXES, Case
from workbench.prompts.history import History
from workbench.prompts.library import Library
from workbench.prompts.tree import Tree, decode, prompt_path
from workbench.runs.plan import split_target


@dataclass(frozen=True)
class FileChange:
    """A file that differs: its path on each side, None where it was not there, and its text with LF."""

    before_path: str | None
    after_path: str | None
    before: str
    after: str

    @property
    def renamed(self) -> bool:
        """Whether it lies elsewhere than before."""
        return None not in (self.before_path, self.after_path) and self.before_path != self.after_path

    @property
    def path(self) -> str:
        """Where it lies now, or lay until it was taken away."""
        return self.after_path or self.before_path or ""


@dataclass(frozen=True)
class Side:
    """One of two versions that are compared.

    ``files`` are its texts by path; ``path`` is that of the prompt's own file. ``target`` is None where the
    prompt was broken, which ``trouble`` then says: its own text is all that is compared. ``cases`` are the
    texts of its files of cases by suffix, None where the side holds none: a version from the store.
    """

    label: str
    path: str
    files: Mapping[str, str]
    target: Target | None
    trouble: str | None = None
    cases: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Comparison:
    """Two versions and the files in which they differ, the prompt's own first."""

    before: Side
    after: Side
    files: tuple[FileChange, ...]

    def as_new(self) -> tuple[FileChange, ...]:
        """Return all files of the after as they were made, where there was nothing before it."""
        own, files = self.after.path, self.after.files
        return tuple(FileChange(None, path, "", files[path]) for path in dict.fromkeys((own, *files)))


@dataclass(frozen=True)
class ModelDelta:
    """What one model makes of both contexts; ``tokens`` and ``cost`` are the after less the before.

    ``cost`` is that of the input, in pico-dollars. Both are None where one side is not known.
    """

    before: ModelPreview
    after: ModelPreview

    @property
    def tokens(self) -> int | None:
        """Tokens after less tokens before."""
        if self.before.count is None or self.after.count is None:
            return None
        return self.after.count.total - self.before.count.total

    @property
    def cost(self) -> int | None:
        """The price of the input after less that before, in pico-dollars."""
        if self.before.cost is None or self.after.cost is None:
            return None
        return self.after.cost.input - self.before.cost.input


@dataclass(frozen=True)
class RenderedComparison:
    """Two versions as a model receives them, for one case; the texts are those for the first model."""

    before: Target
    after: Target
    case: Case | None
    contexts: tuple[Context, Context]
    models: tuple[ModelDelta, ...]

    @property
    def texts(self) -> tuple[str, str]:
        """Both contexts as text with a heading for each message."""
        return as_text(self.contexts[0]), as_text(self.contexts[1])


@dataclass(frozen=True)
class Received:
    """One version as its first model receives it; ``count`` is None where it cannot be known."""

    case: Case | None
    context: Context
    count: TokenCount | None


@dataclass
class Comparing:
    """Compares versions of a prompt; a target is ``PROMPT``, ``PROMPT@REVISION`` or ``PROMPT@v:HASH``."""

    library: Library
    past: History
    versions: Versions
    previewing: Previewing

    def files(self, a: str, b: str, unsaved: Mapping[str, bytes] | None = None) -> Comparison:
        """Return the files in which two versions differ, cases included where both sides hold them.

        Line endings and a BOM decide nothing and are left out. Raises UsageError and its kinds for a target
        that cannot be read at all. Blocks while reading.
        """
        before, after = self._side(a, unsaved), self._side(b, unsaved)
        pairs: list[tuple[str | None, str | None, str, str]] = [
            (before.path, after.path, before.files[before.path], after.files[after.path])
        ]
        ours, theirs = dict(before.files), dict(after.files)
        ours.pop(before.path)
        theirs.pop(after.path)
        both_whole = before.target is not None and after.target is not None
        if both_whole:  # of a broken prompt it is not known what it reads
            pairs += _pairs(ours, theirs)
        if before.cases is not None and after.cases is not None:
            pairs += [
                (
                    _at(before, suffix),
                    _at(after, suffix),
                    before.cases.get(suffix, ""),
                    after.cases.get(suffix, ""),
                )
                for suffix in SUFFIXES
            ]
        changes = [FileChange(*pair) for pair in pairs]
        changed = [one for one in changes if one.before != one.after or one.before_path != one.after_path]
        return Comparison(before, after, tuple(changed))

    async def rendered(
        self,
        a: str,
        b: str,
        case: str | None = None,
        models: Sequence[str] = (),
        unsaved: Mapping[str, bytes] | None = None,
        most: int | None = None,
    ) -> RenderedComparison:
        """Return two versions as models receive them, for a case of the working tree, by default the first.

        Of the models the first ``most`` are asked, or all. Raises UsageError and its kinds for what cannot be
        read or rendered, saying which of the two it is.
        """
        (before, after), chosen, (first, second) = await asyncio.to_thread(
            self._rendered, (a, b), case, unsaved
        )
        found = []
        for model in self.previewing.models_of(after.version, models)[:most]:
            ours = await self.previewing.for_model(before.version, first, model)
            theirs = await self.previewing.for_model(after.version, second, model)
            found.append(ModelDelta(ours, theirs))
        received = (found[0].before.context, found[0].after.context) if found else (first, second)
        return RenderedComparison(before, after, chosen, received, tuple(found))

    async def received(
        self, target: str, case: str | None = None, unsaved: Mapping[str, bytes] | None = None
    ) -> Received:
        """Return what the first model of a version receives, for a case of the working tree.

        Raises UsageError and its kinds for what cannot be read or rendered.
        """
        (loaded,), chosen, (context,) = await asyncio.to_thread(self._rendered, (target,), case, unsaved)
        for model in self.previewing.models_of(loaded.version)[:1]:
            preview = await self.previewing.for_model(loaded.version, context, model)
            return Received(chosen, preview.context, preview.count)
        return Received(chosen, context, None)

    def _rendered(
        self, typed: Sequence[str], case: str | None, unsaved: Mapping[str, bytes] | None
    ) -> tuple[list[Target], Case | None, list[Context]]:
        """Return versions, the case and each one's context; it is a case of the prompt that is named last."""
        targets = [self.versions.load(one, unsaved) for one in typed]
        name = split_target(typed[-1])[0]
        cases = self.versions.cases_to_render(name, () if case is None else (case,), None, unsaved)
        chosen = cases[0] if cases else None
        return targets, chosen, [self._context(target, chosen or NO_CASE) for target in targets]

    def _context(self, target: Target, case: Case) -> Context:
        try:
            return self.previewing.render_all(target.version, [case])[0]
        except (PromptError, CasesError) as broken:
            raise type(broken)(
                f"{target.label} cannot be rendered: {broken.message}", place=broken.place, hint=broken.hint
            ) from broken

    def _side(self, target: str, unsaved: Mapping[str, bytes] | None) -> Side:
        name, typed = split_target(target)
        tree, path = self._where(name, typed, unsaved)
        try:
            loaded = self.versions.load(target, unsaved)
        except PromptError as broken:
            raw = _text(tree, path) if tree else None
            if raw is None:
                raise
            label = typed[:7] if typed else WORKING_TREE
            return Side(label, path, {path: raw}, None, str(broken), self._cases(tree, path))
        version = loaded.version
        files = {each: decode(raw, each) for each, raw in version.files.items()}
        own = version.prompt.path
        return Side(loaded.label, own, files, loaded, None, self._cases(tree, own) if tree else None)

    def _where(
        self, name: str, typed: str | None, unsaved: Mapping[str, bytes] | None
    ) -> tuple[Tree | None, str]:
        """Return where a version's files are read from, None for the store, and the path of its own."""
        path = prompt_path(name)
        if typed is None:
            return self.versions.tree(unsaved), path
        if typed.startswith("v:"):
            return None, path
        revision = self.past.resolve(typed)
        return self.past.tree(revision), self.past.path_at(path, revision) or path

    def _cases(self, tree: Tree | None, path: str) -> dict[str, str]:
        """Return the texts of a prompt's files of cases, by suffix."""
        stem = path.removesuffix(".md")
        found = {suffix: _text(tree, f"{stem}{suffix}") for suffix in SUFFIXES} if tree else {}
        return {suffix: text for suffix, text in found.items() if text is not None}


def as_text(context: Context) -> str:
    """Return a context as text: for each message a heading with its role, and its content."""
    return "".join(f"── {message.role} ──\n{message.content}\n" for message in context.messages)


def _pairs(
    ours: Mapping[str, str], theirs: Mapping[str, str]
) -> list[tuple[str | None, str | None, str, str]]:
    return [
        (
            path if path in ours else None,
            path if path in theirs else None,
            ours.get(path, ""),
            theirs.get(path, ""),
        )
        for path in dict.fromkeys([*theirs, *ours])
    ]


def _at(side: Side, suffix: str) -> str | None:
    return side.path.removesuffix(".md") + suffix if side.cases and suffix in side.cases else None


def _text(tree: Tree, path: str) -> str | None:
    """Return the text of a file; None where there is none, or it is no text."""
    try:
        return decode(tree.read(path), path)
    except (FileNotFoundError, PromptError):
        return None
