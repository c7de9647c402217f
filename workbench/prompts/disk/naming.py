"""Names: which a new prompt or partial may have, and which files go by a prompt's name."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from workbench.errors import PromptError
from workbench.prompts.cases import SUFFIXES
from workbench.prompts.tree import PROMPTS, confined, prompt_name, prompt_path

LONGEST_PART = 240
"""Bytes that one part of a name may take: file systems give a file 255, and cases need a suffix."""

_DEVICES = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
"""Names of devices, which no file can have on Windows."""

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")
"""What is not seen in a name, or makes it be seen in another order."""

_HINT = f"A prompt's name is its path below {PROMPTS}/ without the suffix: support/triage"


def new_path(name: str) -> str:
    """Return the path of a new prompt or partial; raises PromptError where it cannot have this name."""
    why = _unfit(name)
    if why is not None:
        raise PromptError(f"“{name}” cannot be the name of a prompt: {why}", hint=_HINT)
    return prompt_path(name)


def _unfit(name: str) -> str | None:
    parts = name.split("/")
    reasons = {
        "it is empty": not name.strip(),
        "it is not text": re.search("[\ud800-\udfff]", name),
        "it holds a character that cannot be seen": _UNSEEN.search(name),
        "it begins with “/”": name.startswith("/"),
        "a part of it is empty, “.” or “..”": any(part in ("", ".", "..") for part in parts),
        "it would leave the folder": confined(PROMPTS, f"{name}.md", PROMPTS) != prompt_path(name),
        "“@” sets a revision apart: PROMPT@REV": "@" in name,
        'it holds one of the characters < > : " | ? * or \\': re.search(r'[<>:"|?*\\]', name),
        "the suffix is added by itself": name.endswith(".md"),
        "a part of it begins with “.”": any(part.startswith(".") for part in parts),
        "a part of it begins with “-”": any(part.startswith("-") for part in parts),
        "a part of it begins or ends with a space, or ends with “.”": any(
            part != part.strip() or part.endswith(".") for part in parts
        ),
        "it is the name of a device on Windows": any(map(_DEVICES.fullmatch, parts)),
    }
    for reason, so in reasons.items():
        if so:
            return reason
    long = any(len(part.encode()) > LONGEST_PART for part in parts)
    return f"a part of it is longer than {LONGEST_PART} bytes" if long else None


_BESIDE = re.compile(rf"(.+)(?:{'|'.join(map(re.escape, SUFFIXES))}|\.examples\.(?!md$)[^./~]+)")
"""Cases, and the file of examples that is named after a prompt."""


def owner_of(path: str, items: Collection[str]) -> str | None:
    """Return the prompt or partial that a file is of: itself, or the prompt whose cases or examples it is."""
    if path in items:
        return path
    beside = _BESIDE.fullmatch(path)
    owner = f"{beside[1]}.md" if beside else None
    return owner if owner in items else None


def own_files(root: Path, path: str) -> list[str]:
    """Return the paths of a prompt's or a partial's own files that there are, itself first.

    These are its cases and the file of examples that is named after it. Raises PromptError where it is not
    there itself.
    """
    if confined("", path, PROMPTS) != path:
        raise PromptError(f"“{path}” is not the path of a prompt", hint=_HINT)
    folder, _, leaf = path.rpartition("/")
    try:
        names = sorted(os.listdir(root / folder))  # names as they are, also where case makes no difference
    except OSError:
        names = []
    if leaf not in names:
        what = "prompt" if prompt_name(path) else "partial"
        raise PromptError(f"there is no {what} “{path[len(PROMPTS) + 1 : -len('.md')]}”")
    beside = (name for name in names if name != leaf and owner_of(name, {leaf}))
    return [f"{folder}/{name}" for name in (leaf, *beside)]
