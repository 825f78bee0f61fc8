"""One rank's share of a batch, as numpy arrays."""

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from .timeline import Timeline
from .v1 import data_pb2
from .wire.stream import Carrier, ReceivedBatch, TensorType
from .zyx import Zyx


@dataclass(frozen=True, slots=True)
class Sample:
    """Where one sample of a batch comes from."""

    case: str
    kind: Literal["foreground", "random"]
    label_class: int
    """The class (see `DatasetInfo.classes`) around a voxel of which the box lies; 0 for a random box."""
    start: Zyx
    """The first voxel of its box (Z,Y,X, store voxels); negative where the box begins outside of the volume."""
    size: Zyx
    """Size of the box (Z,Y,X, store voxels), before augmentation; differs from the patch under Progressive Resolution
    only.
    """


class Batch:
    """Verified, and in step order. Its arrays are views on memory that is its own.

    The memory is used again for a later batch when nobody holds this batch or any of its arrays any more: an array
    stays as it is for as long as somebody holds it.
    """

    def __init__(
        self, received: ReceivedBatch, *, timeline: Timeline, loss_weight: float, channels_last: bool, waited_ms: float
    ) -> None:
        """A received batch, which was checked against its stage."""
        self._received: ReceivedBatch | None = received
        self._samples: tuple[Sample, ...] | None = None
        self._channels_last = channels_last
        self.timeline: Timeline = timeline
        self.step = received.step
        self.stage = received.stage
        self.global_batch = received.global_batch
        """Samples over all ranks."""
        self.patch_size: Zyx = cast(Zyx, received.tensors[1].values.shape[1:])
        """(Z,Y,X), voxels."""
        self.loss_weight = loss_weight
        """What this rank's mean loss is multiplied by where the gradients of all ranks are averaged."""
        self.checksum = received.checksum
        """CRC-32 over the bytes of image, label and deep labels."""
        self.carrier: Carrier = received.carrier
        """What it came by: gRPC, or a lane beside it."""
        self.waited_ms = waited_ms
        """For how long the caller waited for it."""
        self.carried_ms = received.carried_ms
        """From the arrival of its header, when it had been cut, to that of its last byte."""
        self.traceparent = received.traceparent
        """W3C `traceparent` of its span, for spans below it; None where it is not traced."""

    @property
    def image(self) -> NDArray[np.generic]:
        """(B,C,Z,Y,X), or (B,Z,Y,X,C) where the spec says channels-last.

        float32 or float16; bf16 are their 16 bits, as uint16.

        `image_values` has float32 whatever the run sends.
        """
        return self._tensors[0].values

    @property
    def image_type(self) -> TensorType:
        """`f32`, `f16` or `bf16`."""
        return self._tensors[0].type

    @property
    def label(self) -> NDArray[np.generic]:
        """(B,Z,Y,X), uint8 or int16. What the crop to nonzero masked, -1 in a stored volume, is 0 here."""
        return self._tensors[1].values

    @property
    def deep_labels(self) -> tuple[NDArray[np.generic], ...]:
        """Of deep supervision: the label of each further decoder level (B,Z,Y,X), finest first."""
        return tuple(tensor.values for tensor in self._tensors[2:])

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Where each sample comes from, in the order of the arrays' first axis."""
        if self._samples is None:
            self._samples = _read_samples(self._whole.samples)
        return self._samples

    @property
    def memory(self) -> NDArray[np.uint8]:
        """The bytes of image, label and deep labels, end to end."""
        return self._whole.memory

    def image_values(self) -> NDArray[np.float32]:
        """The image as float32 in (B,C,Z,Y,X), whatever type and layout it travelled in.

        Float32 that needs no moving is not copied.
        """
        image, kind = self.image, self.image_type
        is_bf16 = kind == "bf16"
        values = widened(cast(NDArray[np.uint16], image)) if is_bf16 else image.astype(np.float32, copy=False)
        return np.ascontiguousarray(np.moveaxis(values, -1, 1)) if self._channels_last else values

    def release(self) -> None:
        """Lets the batch's memory go now, where nobody else holds its arrays; it has none from then on."""
        if self._received is not None:
            self._samples = self.samples
        self._received = None

    @property
    def _tensors(self):
        return self._whole.tensors

    @property
    def _whole(self) -> ReceivedBatch:
        if self._received is None:
            raise ValueError(f"the batch of step {self.step} was released")
        return self._received

    def __repr__(self) -> str:
        """One line."""
        shape = "x".join(map(str, self.patch_size))
        return f"Batch(step={self.step}, stage={self.stage}, patch_size={shape}, checksum={self.checksum:08x})"


def widened(bits: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The float32 numbers that the bits of bf16 numbers stand for."""
    return np.reshape(np.frombuffer(np.left_shift(bits, 16, dtype=np.uint32), np.float32), bits.shape)


def _read_samples(samples: data_pb2.Samples) -> tuple[Sample, ...]:
    """What `check_samples` has let pass."""
    classes = cast(list[int], getattr(samples, "class"))
    cases, starts = list(samples.cases), list(samples.start)
    size = cast(Zyx, tuple(samples.size))
    return tuple(
        Sample(
            case=cases[index],
            kind="random" if classes[at] == 0 else "foreground",
            label_class=classes[at],
            start=cast(Zyx, tuple(starts[3 * at : 3 * at + 3])),
            size=size,
        )
        for at, index in enumerate(samples.case_index)
    )
