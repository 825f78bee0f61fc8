"""Networks of checkpoints, ready to label images."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchstream.trainer.engine.model import Model
from patchstream.trainer.inference.export_label import LabelMaker
from patchstream.trainer.inference.geometry import GridGeometry
from patchstream.trainer.inference.sliding_window import Slab, Windows, predict_in_slabs


@dataclass(frozen=True, slots=True)
class LabellingNetwork:
    """A network, with the patch and the mirroring of its run."""

    model: Model
    windows: Windows

    def slabs(self, image: NDArray[np.float32], between: Callable[[], None]) -> Iterator[Slab]:
        """Logits on the grid of an image (C,Z,Y,X)."""
        return predict_in_slabs(self.model.predict, image, self.windows, between)


def labelling_network(model: Model, spec: Mapping[str, Any], *, mirror: bool = True) -> LabellingNetwork:
    """With the plan of a resolved spec; with `mirror` along the axes that training mirrored."""
    axes = {axis for one in spec["augmentation"] if one["kind"] == "mirror" for axis in one["axes"]}
    mirrored = sorted(axes) if mirror else []
    z, y, x = spec["plan"]["patchSize"]
    return LabellingNetwork(model, Windows((z, y, x), spec["plan"]["batchSize"], model.network["classes"], mirrored))


def label_image(
    networks: Sequence[LabellingNetwork],
    image: NDArray[np.float32],
    geometry: GridGeometry,
    export_values: Sequence[int] | None,
    between: Callable[[], None] = lambda: None,
) -> NDArray[np.uint8]:
    """The label (Z,Y,X of the source file), in stored values, that networks of one plan give an image (C,Z,Y,X).

    The mean of their logits counts. Of those no more planes are held than a patch has. `between` is called before each
    batch of windows, and may raise.
    """
    maker = LabelMaker((image.shape[1], image.shape[2], image.shape[3]), geometry, export_values)
    for slabs in zip(*(network.slabs(image, between) for network in networks), strict=True):
        maker.take(_mean(slabs))
    return maker.label()


def _mean(slabs: Sequence[Slab]) -> Slab:
    shares = [slab.logits / len(slabs) for slab in slabs]
    return Slab(slabs[0].z, reduce(np.add, shares))
