"""Batches as nnU-Net's trainer takes them."""

# pyright: basic, reportMissingTypeStubs=false

from collections.abc import Iterator, Sequence
from typing import TypedDict

import torch

from patchstream.batch import Batch
from patchstream.run import Run

Region = int | tuple[int, ...]


class NnunetBatch(TypedDict):
    """What `train_step` and `validation_step` read, and what of the batch the trainer tells."""

    data: torch.Tensor
    """(B,C,Z,Y,X)."""
    target: torch.Tensor | list[torch.Tensor]
    """(B,1,Z,Y,X), of regions (B,R,Z,Y,X) as bool; with deep supervision a list, finest first."""
    keys: list[str]
    """The case of each sample."""
    loss_weight: float
    step: int
    stage: int


class NnunetBatches(Iterator[NnunetBatch]):
    """A run's batches, one for each `next`, as nnU-Net's own loaders give them."""

    def __init__(self, run: Run, *, deep_supervision: bool, regions: Sequence[Region] | None, halves: bool) -> None:
        """`regions`: with an ignore label that comes last. `halves`: float16 images stay as they are."""
        self.run = run
        self.waited_s = 0.0
        """How long the trainer has waited for batches so far."""
        self._deep_supervision = deep_supervision
        self._regions = regions
        self._halves = halves

    def __next__(self) -> NnunetBatch:
        """The batch of the next step. Raises as `Run`."""
        batch: Batch = next(self.run)
        self.waited_s += batch.waited_ms / 1000
        image = torch.from_numpy(batch.image if self._halves and batch.image_type == "f16" else batch.image_values())
        labels = (torch.from_numpy(label).unsqueeze(1) for label in (batch.label, *batch.deep_labels))
        targets = [self._target(label) for label in labels]
        return {
            "data": image,
            "target": targets if self._deep_supervision else targets[0],
            "keys": [sample.case for sample in batch.samples],
            "loss_weight": batch.loss_weight,
            "step": batch.step,
            "stage": batch.stage,
        }

    def _target(self, label: torch.Tensor) -> torch.Tensor:
        if self._regions is None:
            return label
        masks = [torch.isin(label, torch.tensor(region, dtype=label.dtype)) for region in self._regions]
        return torch.cat(masks, dim=1)
