"""Which answer is better: which pair to show next, what the votes say, and how far to believe them."""
