"""What the model will see: a prompt and inputs become messages whose every stretch knows its origin."""
