"""Which answer is better: which pair to show next, and what the votes say."""
