"""The headless face: one file a command, output and exit codes in one place each."""
