# pyright: reportUnknownMemberType=false
# (torch leaves the types of some of its functions open.)
"""Batches for MONAI: dictionaries of MetaTensors that know where in the world they lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ._extras import needs_extra

try:
    import torch
    from monai.data.meta_tensor import MetaTensor

    from .torch.batch import TorchBatch, ToTorch
except ModuleNotFoundError as missing:
    raise needs_extra("run.monai()", "monai", missing) from None

from .affine import patch_affine
from .batch import Batch
from .dataset_info import DatasetCase

MonaiBatch = dict[str, Any]
"""`image` (B,C,Z,Y,X) and `label` (B,1,Z,Y,X) as MetaTensors, `label_1`, ...

with deep supervision; `step`, `stage`, `loss_weight`, and `traceparent` where it is traced.
"""


@dataclass(frozen=True, slots=True)
class ToMonai:
    """Makes MONAI batches of received ones, without a copy of their voxels."""

    to_torch: ToTorch
    cases: Mapping[str, DatasetCase]

    def __call__(self, batch: Batch) -> MonaiBatch:
        """Raises KeyError for a case that the data set does not have."""
        tensors = self.to_torch(batch)
        made: MonaiBatch = {"image": self._placed(tensors.image, tensors)}
        for level, label in enumerate(tensors.targets):
            made[f"label_{level}" if level else "label"] = self._placed(label, tensors)
        if batch.traceparent is not None:
            made["traceparent"] = batch.traceparent
        return made | {"step": batch.step, "stage": batch.stage, "loss_weight": batch.loss_weight}

    def _placed(self, tensor: torch.Tensor, batch: TorchBatch) -> MetaTensor:
        """With what MONAI keeps of each sample, collated as its own DataLoader does it.

        `decollate_batch` takes it apart again.
        """
        z, y, x = tensor.shape[2:]
        affines = [
            torch.from_numpy(
                patch_affine(self.cases[sample.case], start=sample.start, size=sample.size, patch_size=(z, y, x))
            )
            for sample in batch.samples
        ]
        meta = {
            "affine": torch.stack(affines),  # (B,4,4)
            "original_affine": torch.stack(affines),
            "filename_or_obj": [sample.case for sample in batch.samples],
            "location": torch.tensor([sample.start for sample in batch.samples]),  # (B,3), store voxels
            "spatial_shape": torch.tensor([[z, y, x]] * len(batch.samples)),  # (B,3)
            "space": ["RAS"] * len(batch.samples),
        }
        placed = MetaTensor(tensor, meta=meta)
        placed.is_batch = True
        placed.applied_operations = [[] for _ in batch.samples]
        return placed
