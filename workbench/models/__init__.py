"""Who can answer, at what price: the catalogue, tokens, estimates, and the gateway with its doors."""
