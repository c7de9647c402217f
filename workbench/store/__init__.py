"""What is kept: every run, result, context and vote, in one SQLite file."""
