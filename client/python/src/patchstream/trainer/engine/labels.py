"""How the values of a label become the targets of a network's outputs."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from patchstream.dataset_info import DatasetInfo
from patchstream.errors import PatchstreamError, refuse
from patchstream.trainer.networks.description import NetworkDescription

OUTSIDE = 255
"""Label of voxels that the loss leaves out, whatever the data set."""


@dataclass(frozen=True, slots=True)
class LabelReading:
    """What a network's outputs stand for, in stored label values."""

    outputs: int
    values: int
    """Values of voxels that count are 0 to this, outside."""
    regions: tuple[tuple[int, ...], ...] | None
    """The label values of each output; None where output k is for value k, 0 the background."""
    ignore_label: int | None


def label_reading(dataset: DatasetInfo) -> LabelReading:
    """The reading of a data set's labels. Raises LIMIT_EXCEEDED for more values than one byte tells apart."""
    values = len(dataset.source_values) if dataset.ignore_label is None else dataset.ignore_label
    if values > OUTSIDE:
        facts = {"code": "LIMIT_EXCEEDED", "limit": "classes of a network", "got": values, "max": OUTSIDE}
        raise PatchstreamError(facts)
    if dataset.regions:
        regions = tuple(region.values for region in dataset.regions)
        largest = max(value for region in regions for value in region)
        return LabelReading(len(regions), 1 + largest, regions, dataset.ignore_label)
    classes = 1 + max(dataset.classes, default=0)
    return LabelReading(classes, classes, None, dataset.ignore_label)


def label_bytes(label: NDArray[np.generic]) -> NDArray[np.uint8]:
    """A label's values as uint8, 255 where the loss leaves them out."""
    if label.dtype == np.uint8:
        return label.astype(np.uint8, copy=False)
    return np.where(label.astype(np.int64) < 0, OUTSIDE, label).astype(np.uint8)


def check_label(field: str, label: NDArray[np.uint8], reading: LabelReading) -> None:
    """Raises SPEC_INVALID for the first value that is none of the data set's."""
    wrong = (label >= reading.values) & (label != OUTSIDE)
    if reading.ignore_label is not None:
        wrong &= label != reading.ignore_label
    if wrong.any():
        ignored = " or ".join(str(value) for value in (reading.ignore_label, OUTSIDE) if value is not None)
        want = f"at most {reading.values - 1}, or {ignored} where the loss ignores it"
        raise refuse(field, int(label[wrong][0]), want)


@dataclass(frozen=True, slots=True)
class Target:
    """What a label wants of a network's outputs, as zeros and ones."""

    truth: Tensor
    """(B,K,V): 1 where a voxel belongs to an output's class or region."""
    counts: Tensor
    """(B,1,V): 1 where a voxel counts."""


def read_target(label: Tensor, reading: LabelReading) -> Target:
    """The target of a label (B,V) of stored values, as float32."""
    values = label.unsqueeze(1)
    counts = (values < reading.values).float()
    every = torch.arange(reading.values, device=label.device).view(1, -1, 1)
    each = (values == every).float()
    if reading.regions is None:
        return Target(each, counts)
    members = torch.zeros(reading.outputs, reading.values, device=label.device)
    for output, region in enumerate(reading.regions):
        members[output, list(region)] = 1
    return Target(torch.einsum("kv,bvn->bkn", members, each), counts)


def background_outputs(reading: LabelReading) -> int:
    """Outputs that the Dice leaves out: the first of classes, none of regions."""
    return 1 if reading.regions is None else 0


def checked_network(network: NetworkDescription, reading: LabelReading) -> NetworkDescription:
    """Raises SPEC_INVALID where a network has not the outputs that a reading needs."""
    if network["classes"] != reading.outputs:
        raise refuse("the network's outputs", network["classes"], f"{reading.outputs}, as the data set's labels need")
    return network
