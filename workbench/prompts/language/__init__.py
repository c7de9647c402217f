"""The language of prompt files, for an editor: what each stretch is, what fits, and what is wrong."""
