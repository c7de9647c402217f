"""Writes docs/keys.md from the registry of commands: ``make pictures`` does."""

from __future__ import annotations

from pathlib import Path

from workbench.tui.commands import COMMANDS, PAGES, SCREENS
from workbench.tui.keys import key_names

FILE = Path(__file__).parent / "keys.md"

HEAD = """\
# Keys

Every command with its keys, as they are unless you choose others. `docs/make_keys.py` writes this page.

Your own go into `config.yml` in the folder where your platform keeps settings (`~/.config/workbench` on
Linux), by the name of the command, together with a theme and the editor that `F10` opens:

```yaml
theme: light                  # dark, light, or any theme of Textual
editor: nvim                  # in place of $VISUAL and $EDITOR
keys: {save: ^s, run: [^r, F5]}
```

A key that two commands of a screen would share, and a name there is not, are errors that say their line.
Commands without a key are in the palette.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    places = ((place.capitalize(), (place,)) for place in (*SCREENS, *PAGES))
    for title, screens in (("Everywhere", ()), *places):
        rows = [command for command in COMMANDS if (command.screens[:1] or ()) == screens]
        if rows:
            parts.append(f"\n## {title}\n\n| name | keys | what it does |\n|---|---|---|\n")
        for command in rows:
            where = [*command.screens[1:], *([f"in {command.within}"] if command.within else [])]
            keys = f"`{key_names(command.keys)}`" if command.keys else ""
            also = f" ({', '.join(where)})" if where else ""
            parts.append(f"| `{command.id}` | {keys} | {command.help}{also} |\n")
    return "".join(parts)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
