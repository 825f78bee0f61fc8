"""What of a batch's label is foreground."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def foreground_of(label: NDArray[np.uint8], classes: Sequence[Iterable[int]]) -> Mapping[str, Any]:
    """The share of foreground voxels of a batch's label, and how many of `classes` (stored values of each) it holds.

    What is in no class is none: background, and what the loss leaves out.
    """
    voxels = np.bincount(np.ravel(label), minlength=256)
    values = {value for one in classes for value in one}
    share = sum(int(voxels[value]) for value in values) / label.size
    held = sum(any(voxels[value] > 0 for value in one) for one in classes)
    return {"foregroundShare": share, "classes": held}
