"""A batch as torch tensors, without a copy."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..batch import Batch, Sample


@dataclass(frozen=True, slots=True)
class TorchBatch:
    """One rank's share of a batch. Its tensors are views on the memory that it was received in, which lives as long as they do."""

    image: torch.Tensor
    """(B,C,Z,Y,X), float32, float16 or bfloat16; of a channels-last run in `torch.channels_last_3d`."""
    label: torch.Tensor
    """(B,Z,Y,X), or (B,1,Z,Y,X) where a channel axis was asked for; uint8 or int16."""
    deep_labels: tuple[torch.Tensor, ...]
    """Of deep supervision: the labels of further decoder levels, finest first."""
    step: int
    stage: int
    patch_size: tuple[int, int, int]
    """(Z,Y,X)."""
    global_batch: int
    """Samples over all ranks."""
    loss_weight: float
    """What a rank's mean loss is multiplied by where gradients are averaged over ranks; 1 with one rank."""
    samples: tuple[Sample, ...]
    """Where each sample comes from."""
    checksum: int
    """CRC-32 over the bytes as they travelled."""

    @property
    def targets(self) -> list[torch.Tensor]:
        """`label` and behind it `deep_labels`: what a loss with deep supervision takes."""
        return [self.label, *self.deep_labels]

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "TorchBatch":
        """The batch with its tensors on a device."""
        return replace(
            self,
            image=self.image.to(device, non_blocking=non_blocking),
            label=self.label.to(device, non_blocking=non_blocking),
            deep_labels=tuple(label.to(device, non_blocking=non_blocking) for label in self.deep_labels),
        )

    def pin_memory(self) -> "TorchBatch":
        """The batch with its tensors in pinned memory."""
        deep_labels = tuple(label.pin_memory() for label in self.deep_labels)
        return replace(self, image=self.image.pin_memory(), label=self.label.pin_memory(), deep_labels=deep_labels)


@dataclass(frozen=True, slots=True)
class ToTorch:
    """Makes torch batches of received ones."""

    channels_last: bool
    """Images come as (B,Z,Y,X,C)."""
    label_channel: bool = False
    """Labels get a channel axis: (B,1,Z,Y,X)."""

    def __call__(self, batch: Batch) -> TorchBatch:
        """Views on the batch's memory."""
        image = tensor_of(batch.image)
        return TorchBatch(
            image=image.permute(0, 4, 1, 2, 3) if self.channels_last else image,
            label=self._label(batch.label),
            deep_labels=tuple(self._label(label) for label in batch.deep_labels),
            step=batch.step,
            stage=batch.stage,
            patch_size=batch.patch_size,
            global_batch=batch.global_batch,
            loss_weight=batch.loss_weight,
            samples=tuple(batch.samples),
            checksum=batch.checksum,
        )

    def _label(self, label: NDArray[np.generic]) -> torch.Tensor:
        tensor = tensor_of(label)
        return tensor.unsqueeze(1) if self.label_channel else tensor


def tensor_of(array: NDArray[np.generic]) -> torch.Tensor:
    """A view; uint16 are the bits of bfloat16, a type that numpy does not have."""
    if array.dtype == np.uint16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)
