"""The editor of a prompt: a text area that neither changes nor obeys what is odd in a file."""

from __future__ import annotations

import re

from rich.text import Text
from textual.widgets import TextArea

from workbench.bench.shown import inert

# A text area would take some of these for the end of a line and write others to the terminal as they are, so
# that a form feed would be lost at saving, and an escape sequence obeyed. Each has a stand-in while it is on
# screen, of which there are more in the last private plane of Unicode than anyone has found a use for.
_FIRST = 0x10D000
_ODD = [*range(9), *range(0xB, 0x20), *range(0x7F, 0xA0), *range(0x200E, 0x2010), *range(0x2028, 0x202F)]
_ODD += range(0x2066, 0x206A)
_TO_STAND_INS = {code: _FIRST + code for code in _ODD}
_FROM_STAND_INS = {stand_in: code for code, stand_in in _TO_STAND_INS.items()}
_STAND_IN = re.compile(f"[{chr(_FIRST)}-{chr(_FIRST + 0x2069)}]")


class Editor(TextArea):
    """Holds the text of a file with LF line endings; ``written`` is what it is now."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, show_line_numbers=True, tab_behavior="focus", soft_wrap=True)
        self._replaced = False

    def load(self, text: str) -> bool:
        """Put a text into the editor; returns False where it could not be saved as it was."""
        replaced = text.translate(_TO_STAND_INS)
        self._replaced = replaced != text
        self.load_text(replaced)
        return self.written == text

    @property
    def written(self) -> str:
        """The text as it is to be saved."""
        return self.text.translate(_FROM_STAND_INS) if self._replaced else self.text

    def get_line(self, line_index: int) -> Text:
        """Return a line as it is shown: nothing in it can act on a terminal."""
        line = super().get_line(line_index)
        return Text(inert(_STAND_IN.sub(_stood_for, line.plain)), end="", no_wrap=True)


def _stood_for(match: re.Match[str]) -> str:
    return chr(_FROM_STAND_INS.get(ord(match[0]), ord(match[0])))
