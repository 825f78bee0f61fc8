"""Batches of one rank from any of the replicas.

Which steps are wanted, whom they are asked of, and what happens when one fails.
"""
