"""Memory of torch's own that batches are received into: a copy to a GPU may go on while the next batch is received."""

import numpy as np
import torch
from numpy.typing import NDArray

from ..wire.batch_memory import BatchMemory


class TorchMemory(BatchMemory):
    """Lends arrays of bytes, each with a tensor beneath it.

    Pinned ones come from torch's host allocator, which knows of copies that are still going on and does not lend
    their memory again.
    """

    def __init__(self, *, pinned: bool) -> None:
        """`pinned` needs CUDA."""
        super().__init__(most_idle_bytes=0)
        self._pinned = pinned

    def take(self, byte_length: int) -> NDArray[np.uint8]:
        """An array of so many bytes, holding anything; `tensor_beneath` gives its tensor."""
        return torch.empty(byte_length, dtype=torch.uint8, pin_memory=self._pinned).numpy()


def tensor_beneath(memory: NDArray[np.uint8]) -> torch.Tensor | None:
    """The tensor of an array that `TorchMemory` lent; None for another array."""
    return memory.base if isinstance(memory.base, torch.Tensor) else None
