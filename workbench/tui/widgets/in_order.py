"""Keys in the order in which they came, however busy the program is."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widget import Widget


def own_keys(*bindings: Iterable[BindingType]) -> dict[str, str]:
    """Return what keys do in a widget, by the bindings of its classes, the most general class first."""
    made = Binding.make_bindings(binding for some in bindings for binding in some)
    return {binding.key: binding.action for binding in made}


async def obeyed(widget: Widget, event: Key, keys: dict[str, str]) -> bool:
    """Do at once what a key means in a widget; returns False where it means nothing there.

    Textual lets a key go through every widget above before its binding is looked up, while letters are typed
    at once: what comes in one burst, such as a letter, backspace and another letter, would change its order.
    """
    action = keys.get(event.key)
    if action is None:
        return False
    event.stop()
    event.prevent_default()
    await widget.run_action(action)
    return True
