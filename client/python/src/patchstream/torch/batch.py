# pyright: reportUnknownMemberType=false
# (torch leaves the types of some of its functions open.)
"""A batch as torch tensors, without a copy."""

from collections.abc import Callable
from dataclasses import InitVar, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..batch import Batch, Sample
from ..zyx import Zyx
from .memory import tensor_beneath


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What a batch is, besides its tensors."""

    step: int
    stage: int
    patch_size: Zyx
    """(Z,Y,X), voxels."""
    global_batch: int
    """Samples over all ranks."""
    loss_weight: float
    """What a rank's mean loss is multiplied by where gradients are averaged over ranks; 1 with one rank."""
    samples: tuple[Sample, ...]
    """Where each sample comes from, in the order of the tensors' first axis."""
    checksum: int
    """CRC-32 over image, label and deep labels as they travelled."""
    waited_ms: float
    """For how long the process that received it waited for it."""
    traceparent: str | None
    """W3C `traceparent` of its span; None where it is not traced."""


@dataclass(eq=False)
class TorchBatch:
    """One rank's share of a batch.

    Its tensors are views on the memory that it was received in, which lives as long as they do.

    Only the tensors are fields: what walks through a batch's fields (Lightning) converts them and leaves the facts
    alone.
    """

    image: torch.Tensor
    """(B,C,Z,Y,X), float32, float16 or bfloat16; in a channels-last run in `torch.channels_last_3d`."""
    label: torch.Tensor
    """(B,Z,Y,X), or (B,1,Z,Y,X) where a channel axis was asked for; uint8 or int16."""
    deep_labels: tuple[torch.Tensor, ...]
    """Of deep supervision: the labels of further decoder levels, finest first."""
    facts: InitVar[BatchFacts]

    def __post_init__(self, facts: BatchFacts) -> None:
        """Keeps the facts beside the fields."""
        self._facts = facts

    @property
    def step(self) -> int:
        """Of the run."""
        return self._facts.step

    @property
    def stage(self) -> int:
        """Of the curriculum."""
        return self._facts.stage

    @property
    def patch_size(self) -> Zyx:
        """(Z,Y,X), voxels."""
        return self._facts.patch_size

    @property
    def global_batch(self) -> int:
        """Samples over all ranks."""
        return self._facts.global_batch

    @property
    def loss_weight(self) -> float:
        """What this rank's mean loss is multiplied by where the gradients of all ranks are averaged."""
        return self._facts.loss_weight

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Where each sample comes from."""
        return self._facts.samples

    @property
    def checksum(self) -> int:
        """CRC-32 over the bytes as they travelled."""
        return self._facts.checksum

    @property
    def waited_ms(self) -> float:
        """For how long the process that received the batch waited for it."""
        return self._facts.waited_ms

    @property
    def traceparent(self) -> str | None:
        """W3C `traceparent` of the batch's span, for spans below it; None where it is not traced."""
        return self._facts.traceparent

    @property
    def targets(self) -> list[torch.Tensor]:
        """`label` and behind it `deep_labels`: what a loss with deep supervision takes."""
        return [self.label, *self.deep_labels]

    def to(self, device: torch.device | str, *, non_blocking: bool | None = None) -> "TorchBatch":
        """The batch with its tensors on a device. `non_blocking` None: where they are pinned."""
        is_async = self.image.is_pinned() if non_blocking is None else non_blocking
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=is_async))

    def pin_memory(self) -> "TorchBatch":
        """The batch with its tensors in pinned memory."""
        return self._mapped(torch.Tensor.pin_memory)

    def _mapped(self, change: Callable[[torch.Tensor], torch.Tensor]) -> "TorchBatch":
        deep_labels = tuple(change(label) for label in self.deep_labels)
        return TorchBatch(change(self.image), change(self.label), deep_labels, self._facts)


@dataclass(frozen=True, slots=True)
class ToTorch:
    """Makes torch batches of received ones."""

    channels_last: bool
    """Images come as (B,Z,Y,X,C)."""
    label_channel: bool = False
    """Labels get a channel axis: (B,1,Z,Y,X)."""

    def __call__(self, batch: Batch) -> TorchBatch:
        """Views on the batch's memory."""
        image = image_of(batch.image, batch.memory, channels_last=self.channels_last)
        facts = BatchFacts(
            step=batch.step,
            stage=batch.stage,
            patch_size=batch.patch_size,
            global_batch=batch.global_batch,
            loss_weight=batch.loss_weight,
            samples=batch.samples,
            checksum=batch.checksum,
            waited_ms=batch.waited_ms,
            traceparent=batch.traceparent,
        )
        labels = [_tensor(label, batch.memory) for label in (batch.label, *batch.deep_labels)]
        if self.label_channel:
            labels = [label.unsqueeze(1) for label in labels]
        label, *deep_labels = labels
        return TorchBatch(image, label, tuple(deep_labels), facts)


def image_of(array: NDArray[np.generic], memory: NDArray[np.uint8], *, channels_last: bool) -> torch.Tensor:
    """(B,C,Z,Y,X): a view of an image, which lies in `memory`; `channels_last`: it is (B,Z,Y,X,C)."""
    image = _tensor(array, memory)
    return image.permute(0, 4, 1, 2, 3) if channels_last else image


def _tensor(array: NDArray[np.generic], memory: NDArray[np.uint8]) -> torch.Tensor:
    """A view of `array`, which lies in `memory`; uint16 are the bits of bfloat16, a type that numpy does not have."""
    beneath = tensor_beneath(memory)
    start = array.ctypes.data - memory.ctypes.data
    flat = (torch.from_numpy(memory) if beneath is None else beneath)[start : start + array.nbytes]
    return flat.view(_TORCH_TYPES[array.itemsize, array.dtype.kind]).view(array.shape)


_TORCH_TYPES = {
    (4, "f"): torch.float32,
    (2, "f"): torch.float16,
    (2, "u"): torch.bfloat16,
    (1, "u"): torch.uint8,
    (2, "i"): torch.int16,
}
"""By bytes and kind of numpy's type."""
