"""What a served store holds."""

from dataclasses import dataclass
from typing import Any

from .zyx import Zyx


@dataclass(frozen=True, slots=True)
class LabelRegion:
    """A union of label values that is learnt as one: nnU-Net's region-based training."""

    name: str
    values: tuple[int, ...]
    """Ascending."""
    export_value: int
    """What a predicted voxel of it is called in files, in the source's values; later regions go over earlier ones."""


@dataclass(frozen=True, slots=True)
class CaseGeometry:
    """How a stored case maps back to its source file."""

    affine: tuple[float, ...]
    """Row-major 4x4 voxel-to-world (mm) matrix of the source, for (x,y,z) voxel indices."""
    original_shape: Zyx
    """Source array shape (Z,Y,X)."""
    original_spacing_mm: tuple[float, float, float]
    """Source spacing (Z,Y,X)."""
    transpose: Zyx
    """Axis i of the store is axis `transpose[i]` of the source."""
    crop_start: Zyx
    """Box kept by the crop to nonzero, in transposed source voxels; `crop_end` is outside."""
    crop_end: Zyx
    label_header: bytes = b""
    """How the NIfTI file of a label on the source's grid begins, of one byte a voxel. Empty: an older server."""


@dataclass(frozen=True, slots=True)
class DatasetCase:
    """A stored case."""

    id: str
    shape: tuple[int, int, int, int]
    """(C,Z,Y,X)."""
    spacing_mm: tuple[float, float, float]
    """Of the stored volume (Z,Y,X)."""
    foreground_counts: tuple[int, ...]
    """Stored locations of each class, in the order of the data set's `classes`; with an ignore label those of any label
    last.
    """
    digest: str
    geometry: CaseGeometry
    unlabelled: bool
    """It has no label, and is there for prediction: no run may train or validate on it."""


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """The data set that the servers serve."""

    name: str
    digest: str
    channel_names: tuple[str, ...]
    labels: dict[str, int]
    """Label name to value, background included and the ignore label not. Values are 0 to n - 1."""
    classes: tuple[int, ...]
    """What foreground patches are drawn by: the foreground values, or 1 to n where there are `regions`."""
    source_values: tuple[int, ...]
    """What the source's files call each label value, by that value."""
    regions: tuple[LabelRegion, ...]
    """In the order of `classes`; empty where classes are single values."""
    ignore_label: int | None
    """The label value of voxels that nobody has labelled."""
    plan: dict[str, Any]
    """The network plan stored at ingest: what `plan` of a spec overrides."""
    batch_dice: bool | None
    """Whether the plan's Dice loss sums over the batch (nnU-Net's `batch_dice`). None: the store does not say."""
    cases: tuple[DatasetCase, ...]
    """Sorted by id."""
    recipe: int
    """The recipe that the server speaks."""
    version: str
    """The server's package version."""
