"""One optimiser step, validation and prediction with PyTorch."""
