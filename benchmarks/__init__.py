"""Benchmarks: what README and CHANGELOG claim about speed comes from here. Run all with ``make bench``."""
