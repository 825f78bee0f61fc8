"""Batches of one rank from any of the replicas: which steps are wanted, whom they are asked of, and what happens when one fails."""
