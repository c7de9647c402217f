"""Characters that a server cut in two: JSON writes “😀” as two escapes, and some servers cut between them.

What Python then holds is half of a surrogate pair, which no file, screen or database takes.
"""

from __future__ import annotations


def mended(text: str) -> str:
    """Return text with its halves joined to characters, and those that are alone replaced by U+FFFD."""
    return (
        text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )


class Halves:
    """Takes the pieces of one text, and keeps back a half at a piece's end until its other half comes."""

    def __init__(self) -> None:
        self._half = ""

    def take(self, text: str) -> str:
        """Return what is whole of the text so far, without what was returned before."""
        if not text or (text.isascii() and not self._half):
            return text
        text = self._half + text
        self._half = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        return mended(text.removesuffix(self._half))

    def rest(self) -> str:
        """Return what stands for a half whose other half never came."""
        half, self._half = self._half, ""
        return mended(half)
