"""The network of a checkpoint, ready to label images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchstream.trainer.engine.model import Model
from patchstream.trainer.inference.sliding_window import Windows, predict_by_sliding_window


@dataclass(frozen=True, slots=True)
class WholeImages:
    """Logits of whole images, by the patch and the mirroring of a run."""

    model: Model
    windows: Windows

    def logits(self, image: NDArray[np.float32], between: Callable[[], None] = lambda: None) -> NDArray[np.float32]:
        """(K,Z,Y,X) on the grid of an image (C,Z,Y,X)."""
        return predict_by_sliding_window(self.model.predict, image, self.windows, between)


def whole_images(model: Model, spec: Mapping[str, Any], *, mirror: bool = True) -> WholeImages:
    """With the plan of a resolved spec; with `mirror` along the axes that training mirrored."""
    axes = {axis for one in spec["augmentation"] if one["kind"] == "mirror" for axis in one["axes"]}
    mirrored = sorted(axes) if mirror else []
    z, y, x = spec["plan"]["patchSize"]
    return WholeImages(model, Windows((z, y, x), spec["plan"]["batchSize"], model.network["classes"], mirrored))
