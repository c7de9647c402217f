"""A prompt on disk and in git: its format, the library, cases and history."""
