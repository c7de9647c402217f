"""Prompts in git: the one door to the git program, and what is asked of it."""
