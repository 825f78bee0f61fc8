"""Instance norm over a single voxel."""

from collections.abc import Generator
from contextlib import contextmanager

import torch.nn.functional as functional

_CHECK = "_verify_spatial_size"


@contextmanager
def single_voxel_norm() -> Generator[None]:
    """Lets instance norm take maps of one voxel, as the paper does (Appendix E), until the block ends.

    A first patch of 2^poolings voxels has a bottleneck of 1x1x1, which PyTorch refuses in training. Nothing else is
    changed: the normalised voxel is 0, so that the layer's output is its bias.
    """
    check = getattr(functional, _CHECK)
    setattr(functional, _CHECK, _accept)
    try:
        yield
    finally:
        setattr(functional, _CHECK, check)


def _accept(_size: list[int]) -> None:
    """In place of the check."""
