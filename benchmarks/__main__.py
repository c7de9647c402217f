"""Runs every benchmark, or those that are named: ``python -m benchmarks startup runs``."""

import sys
from importlib import import_module

NAMES = (
    "startup",
    "typing",
    "counting",
    "history",
    "runs",
    "streaming",
    "store",
    "verdicts",
    "judging",
    "findings",
)

for name in sys.argv[1:] or NAMES:
    print(f"— {name}")
    import_module(f"benchmarks.{name}").main()
