"""A training's history in memory that does not grow with its length."""
