"""A process of its own for each training and each prediction."""
