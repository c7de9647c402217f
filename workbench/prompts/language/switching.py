"""A finding switched on or off in the front matter of a prompt, with everything else left as it is."""

from __future__ import annotations

from workbench.errors import Place, PromptError
from workbench.project.yaml import Value, read
from workbench.project.yaml_nodes import Node, compose
from workbench.prompts.format import split

KEY = "findings"
"""The key of front matter that says which findings are looked for."""


def switched(text: str, path: str, code: str, *, on: bool = False) -> str:
    """Return the text of a prompt, with LF line endings, that says whether a finding is looked for.

    It is written as ``findings: {repeat: false}``. Raises PromptError, with file and line, where the front
    matter is broken or says it in a way that cannot be changed without touching more.
    """
    front, _, line = split(text, path)
    entry = f"{code}: {'true' if on else 'false'}"
    if front is None:
        return f"---\n{KEY}: {{{entry}}}\n---\n{text}"
    said = read(front, path, error=PromptError, first_line=2).value
    changed = _changed(front, code, entry)
    if changed is None or not _says(changed, path, _with(said, code, on)):
        raise PromptError(
            f"“{code}” cannot be switched here without changing more than that",
            place=Place(path, _line_of(front)),
            hint=f"Write it yourself: {KEY}: {{{entry}}}",
        )
    lines = text.split("\n")
    return "\n".join([lines[0], changed, *lines[line - 2 :]])


def _with(said: Value, code: str, on: bool) -> Value:
    """Return what front matter says when it says this too."""
    keys = said if isinstance(said, dict) else {}
    before = keys.get(KEY)
    return {**keys, KEY: {**(before if isinstance(before, dict) else {}), code: on}}


def _says(front: str, path: str, wanted: Value) -> bool:
    try:
        return bool(read(front, path, error=PromptError).value == wanted)
    except PromptError:
        return False


def _line_of(front: str) -> int:
    """Return the line of the file that the findings are on, or that of the first line of dashes."""
    number = (number for number, line in enumerate(front.split("\n"), start=2) if line.startswith(f"{KEY}:"))
    return next(number, 1)


def _changed(front: str, code: str, entry: str) -> str | None:
    """Return the front matter with the entry in it, or None where there is no place for it."""
    top = compose(front)
    whole = f"{KEY}: {{{entry}}}"
    if top is None:
        return f"{front}\n{whole}" if front else whole
    if top.kind != "map":
        return None
    own = _value(top, KEY)
    return _added(front, top, whole) if own is None else _among(front, own, code, entry)


def _among(front: str, own: Node, code: str, entry: str) -> str | None:
    """Return the front matter with the entry among those that are switched already."""
    if own.kind == "scalar" and not own.value:
        return f"{front[: own.start]} {{{entry}}}{front[own.end :]}"
    if own.kind != "map":
        return None
    switch = _value(own, code)
    if switch is None:
        return _added(front, own, entry)
    return f"{front[: switch.start]}{entry.partition(': ')[2]}{front[switch.end :]}"


def _value(node: Node, key: str) -> Node | None:
    return next((value for name, value in node.pairs if name.value == key), None)


def _added(front: str, node: Node, entry: str) -> str:
    """Return the text with an entry at the end of a mapping, in its style."""
    if not node.flow:
        end = front.find("\n", node.end)
        end = len(front) if end < 0 else end
        return f"{front[:end]}\n{' ' * node.column}{entry}{front[end:]}"
    if not node.items:
        return f"{front[: node.start]}{{{entry}}}{front[node.end :]}"
    last = node.items[-1].end
    return f"{front[:last]}, {entry}{front[last:]}"
