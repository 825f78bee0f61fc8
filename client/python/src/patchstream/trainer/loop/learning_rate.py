"""nnU-Net's `PolyLRScheduler`."""


def poly_learning_rate(initial: float, epoch: int, epochs: int) -> float:
    """lr(e) = lr0 (1 - e / E)^0.9, set once an epoch."""
    return initial * (1 - epoch / epochs) ** 0.9
