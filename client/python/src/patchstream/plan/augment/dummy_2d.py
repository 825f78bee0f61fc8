"""nnU-Net's "dummy 2D"."""

from patchstream.zyx import Zyx

ANISOTROPY = 3
"""nnU-Net's ANISO_THRESHOLD (`configuration.py`)."""


def is_dummy_2d(patch_size: Zyx) -> bool:
    """Whether a patch (Z,Y,X) is augmented slice by slice.

    Axis 0, the one of coarsest spacing, then has less than a third of the voxels of the longest axis. Decided for each
    stage's own patch.
    """
    return max(patch_size) / patch_size[0] > ANISOTROPY
