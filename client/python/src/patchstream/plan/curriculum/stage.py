"""What a curriculum is made of: the network's plan and its stages."""

from dataclasses import dataclass

from patchstream.zyx import Zyx


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """What nnU-Net's planner decides for a network: sizes in voxels (Z,Y,X)."""

    patch_size: Zyx
    """Final patch, and the patch of inference; on each axis `minimum + k * increment`."""
    batch_size: int
    pooling: Zyx
    """Poolings per axis; a U-Net's smallest patch and its increment are 2^pooling. 0,0,0 where the network has none."""
    minimum: Zyx | None = None
    """Smallest patch per axis, where it is not 2^pooling (UNETR's patchify size, Swin's window)."""
    increment: Zyx | None = None
    """Growth per axis, where it is not 2^pooling."""
    strides: tuple[Zyx, ...] | None = None
    """nnU-Net's `strides`: one entry a level, finest first, the first 1,1,1; each axis' product is 2^pooling."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a curriculum. Stages are numbered from 0."""

    patch_size: Zyx
    """Size of the tensors (Z,Y,X), voxels."""
    batch_size: int
    epochs: int
    foreground_fraction: float
    """Share of foreground patches in a batch, 0 to 1."""
    crop_size: Zyx | None = None
    """Progressive Resolution: the box (Z,Y,X) that is cut and resampled to `patch_size`. None: no resampling."""
