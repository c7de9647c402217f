"""The themes of the workbench: one accent, one warning, one error, and a quiet tint for each origin."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="workbench-dark",
    primary="#5fa8d3",
    secondary="#7f8ea3",
    accent="#e9c46a",
    warning="#f4a261",
    error="#e76f51",
    success="#8ab17d",
    foreground="#d8dee4",
    background="#14181d",
    surface="#1a1f26",
    panel="#222932",
    dark=True,
    variables={
        "origin-template": "#d8dee4",
        "origin-partial": "#8fb8de",
        "origin-input": "#f4c27a",
        "origin-example": "#a3c999",
        "origin-document": "#d3a4cf",
        "origin-engine": "#8b96a3",
        "footer-key-foreground": "#e9c46a",
        "input-selection-background": "#5fa8d3 35%",
    },
)

LIGHT = Theme(
    name="workbench-light",
    primary="#1d6fa5",
    secondary="#5c6b7d",
    accent="#a05a00",
    warning="#a14b00",
    error="#b3261e",
    success="#2f6b2f",
    foreground="#20262d",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e8e5de",
    dark=False,
    variables={
        "origin-template": "#20262d",
        "origin-partial": "#1d5f94",
        "origin-input": "#8a4b00",
        "origin-example": "#2f6b2f",
        "origin-document": "#7a3b78",
        "origin-engine": "#6a7380",
        "footer-key-foreground": "#a05a00",
    },
)
