"""Training our own networks: clips to learn from, simulated prompts, losses and the loop."""
