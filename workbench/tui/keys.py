"""How keys are written on screen."""

from __future__ import annotations

_NAMES = {
    "question_mark": "?",
    "equals_sign": "=",
    "plus": "+",
    "slash": "/",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "exclamation_mark": "!",
    "enter": "Enter",
    "tab": "Tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "space": "Space",
    "escape": "Esc",
    "delete": "Del",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "underscore": "_",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


def key_from(written: str) -> str:
    """Return Textual's name of a key, written so or as it is shown: ``ctrl+s``, ``^s``, ``F9``, ``?``."""
    named = {shown: name for name, shown in _NAMES.items()}
    if written in named:
        return named[written]
    if written.startswith("^") and len(written) > 1:
        return f"ctrl+{key_from(written[1:])}"
    if written.lower().startswith(("alt+", "alt-")) and len(written) > len("alt+"):
        return f"alt+{key_from(written[len('alt+') :])}"
    if written.lower().startswith(("shift+", "shift-")) and len(written) > len("shift+"):
        return f"shift+{key_from(written[len('shift+') :])}"
    return written if len(written) == 1 else written.lower()


def key_names(keys: str) -> str:
    """Return comma-separated keys as a person reads them: ``^r``, ``F1 ?``."""
    return " ".join(map(key_name, keys.split(",")))


def key_name(key: str) -> str:
    """Return one key as a person reads it."""
    if key.startswith("ctrl+"):
        return f"^{key_name(key.removeprefix('ctrl+'))}"
    if key.startswith("shift+"):
        return f"Shift-{key_name(key.removeprefix('shift+'))}"
    if key.startswith("alt+"):
        return f"Alt-{key_name(key.removeprefix('alt+'))}"
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    return _NAMES.get(key, key)
