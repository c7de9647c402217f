"""Writing cases: files changed without touching what is beside, and rows of others imported."""
