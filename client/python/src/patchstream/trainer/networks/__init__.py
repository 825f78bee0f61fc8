"""The networks, from the description that checkpoints hold."""
