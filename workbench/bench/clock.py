"""The clock, for whoever composes the rooms."""

from __future__ import annotations

from workbench.project.clock import utc_now as utc_now
