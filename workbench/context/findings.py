"""What is worth a second look in a context: each finding with a place to jump to and one line of why."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.errors import Place


@dataclass(frozen=True)
class Finding:
    """Something worth a second look.

    ``code`` names its kind, as it is switched on and off: ``unused-input``. ``message`` is one line of why;
    ``place`` is where to look, in the source. ``at`` is where in the context it shows: the number of a
    message from 0 and an offset in characters, None where it is about no one passage.
    """

    code: str
    message: str
    place: Place | None = None
    at: tuple[int, int] | None = None
