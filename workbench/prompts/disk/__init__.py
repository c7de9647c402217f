"""Prompts on disk: saving without loss, backups, drafts, names, and what other programs write."""
