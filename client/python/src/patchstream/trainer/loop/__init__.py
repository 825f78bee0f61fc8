"""A training from its first or next step to the Dice of its held-out cases."""
