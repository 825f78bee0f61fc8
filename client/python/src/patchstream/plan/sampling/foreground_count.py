"""How many samples of a batch are forced to foreground."""


def foreground_count(batch_size: int, fraction: float) -> int:
    """How many samples of a batch are forced to foreground; they are its last ones.

    nnU-Net (`data_loader.py`, `_oversample_last_XX_percent`): sample j is, unless j < round(batch_size x (1 -
    fraction)).
    """
    return batch_size - round(batch_size * (1 - fraction))
