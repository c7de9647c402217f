"""Ask many at once: the plan, the runner and the cache."""
