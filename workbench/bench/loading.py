"""Loading: the same prompt files in production, rendered exactly as the workbench shows them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from workbench.bench.versions import Versions
from workbench.context.messages import Message
from workbench.context.render import Renderer
from workbench.errors import PromptError
from workbench.project.settings import find_root
from workbench.project.yaml import Value
from workbench.prompts.history import History
from workbench.prompts.library import Library
from workbench.prompts.version import Version, load_version
from workbench.store.database import FILE_NAME
from workbench.store.store import Store

_NO_NAME = re.compile("[\0\ud800-\udfff]")
"""What neither the system nor git can be asked for."""


class LoadedPrompt:
    """A version of a prompt, compiled once and rendered as often as wanted. Not for several threads at once.

    It renders in this process, without the limit on time that the workbench sets: the templates are your own.
    """

    def __init__(self, version: Version) -> None:
        self._version = version
        self._renderer = Renderer(version, str(secrets.randbits(128)))

    @property
    def name(self) -> str:
        """The prompt's name."""
        return self._version.prompt.name

    @property
    def version(self) -> str:
        """The hash of the version, as the workbench shows it: ``v:1f3a9c``."""
        return self._version.short

    @property
    def params(self) -> Mapping[str, Value]:
        """The params of the prompt's own front matter: those of models and defaults are the project's."""
        return dict(self._version.prompt.params)

    @property
    def schema(self) -> Mapping[str, Value] | None:
        """The JSON schema that answers should fit, or None."""
        return self._version.prompt.schema

    def messages(self, **inputs: Value) -> list[dict[str, str]]:
        """Return the messages to send, each ``{"role": …, "content": …}``.

        Raises CasesError for an input that is missing or of the wrong kind, PromptError for a template that
        fails.
        """
        context = self._renderer.render(inputs)
        return [_wire(message) for message in context.messages]


def load(prompt: str, rev: str | None = None, root: str | Path | None = None) -> LoadedPrompt:
    """Return a prompt of a project, ready to render.

    ``rev`` is any git revision (``v1.4``, ``HEAD~2``), or ``v:HASH`` for a version that was run; None is the
    working tree. ``root`` is a folder of the project; None is the working folder, or one above it.

    ::

        prompt = workbench.load("support/triage", rev="v1.4")
        client.chat.completions.create(model=…, messages=prompt.messages(ticket=text), **prompt.params)

    Raises ProjectError where there is no project, PromptError for a prompt that cannot be read, and
    RevisionError for a revision there is not.
    """
    if _NO_NAME.search(f"{prompt}{rev or ''}"):
        raise PromptError(
            f"there is no prompt {prompt!r} at {rev!r}: no file and no revision has such a name"
        )
    folder = find_root(Path.cwd() if root is None else Path(root))
    library = Library(folder)
    if rev is None:
        return LoadedPrompt(load_version(library.tree, prompt))
    # Only a version asked for by its hash opens the store, and nothing here makes its folder.
    store, history = Store(folder / ".workbench" / FILE_NAME), History(folder)
    try:
        versions = Versions(library, history, store.sources)
        return LoadedPrompt(versions.load(f"{prompt}@{rev}").version)
    finally:
        history.close()
        store.close()


def _wire(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.content}
