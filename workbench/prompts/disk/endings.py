"""BOM and line endings: what an editor does not show, and saving gives back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

BOM = b"\xef\xbb\xbf"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


def restored_bytes(before: bytes, text: str) -> bytes:
    """Return the text as bytes with the BOM and the line endings that the file had before.

    A line that was there before keeps its ending, also where it was edited; a new one takes the ending of
    most lines.
    """
    old = _LINE.findall(before.removeprefix(BOM).decode("utf-8"))
    endings = [line[len(line.rstrip("\r\n")) :] for line in old]
    usual = max(("\n", "\r\n", "\r"), key=endings.count)
    if set(endings) <= {"", usual}:
        restored = text.replace("\n", usual)
    else:
        restored = _with_mixed_endings(old, endings, text, usual)
    return (BOM if before.startswith(BOM) else b"") + restored.encode("utf-8")


def _with_mixed_endings(old: list[str], endings: list[str], text: str, usual: str) -> str:
    lines = text.split("\n")
    chosen = [usual] * (len(lines) - 1) + [""]
    bare = [line.rstrip("\r\n") for line in old]
    done, new_done = 0, 0
    for start, new_start, size in _unchanged(bare, lines):
        edited = start - done if start - done == new_start - new_done else 0  # as many lines as there were
        for offset in range(-edited, size):
            if new_start + offset < len(lines) - 1 and endings[start + offset]:
                chosen[new_start + offset] = endings[start + offset]
        done, new_done = start + size, new_start + size
    for at in range(len(lines) - 2, -1, -1):  # backwards: each change bears on the line before
        if chosen[at] == "\r" and not lines[at + 1] and chosen[at + 1] == "\n":
            chosen[at] = "\n"  # else the two would read back as one CR LF
    return "".join(line + ending for line, ending in zip(lines, chosen, strict=True))


def _unchanged(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int]]:
    """Yield where runs of equal lines begin in each, and how long they are.

    What is equal at both ends is found first: this runs at every key, and finding it costs next to nothing.
    """
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at] != new[at]), most)
    tail = next((at for at in range(most - head) if old[-1 - at] != new[-1 - at]), most - head)
    yield 0, 0, head
    middle = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    for block in middle.get_matching_blocks():
        yield head + block.a, head + block.b, block.size
    yield len(old) - tail, len(new) - tail, tail
