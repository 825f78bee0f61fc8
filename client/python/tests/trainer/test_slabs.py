"""Labels made plane by plane are those of all logits at once; how many are held does not depend on the length."""

import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from patchstream.trainer.inference.export_label import LabelMaker
from patchstream.trainer.inference.geometry import GridGeometry, as_it_lies
from patchstream.trainer.inference.sliding_window import Slab, Windows, predict_in_slabs
from patchstream.trainer.inference.windows import gaussian_importance, window_starts
from patchstream.zyx import Zyx


def network(classes: int):
    """Logits that differ by class, by voxel of the window, and with the image."""

    def predict(images: NDArray[np.float32]) -> NDArray[np.float32]:
        shape = (classes, *images.shape[2:])
        pattern = np.sin(np.arange(np.prod(shape), dtype=np.float32) * 0.7).reshape(shape)
        return (images[:, :1] * pattern + np.roll(images[:, :1], 1, 2)).astype(np.float32)

    return predict


def whole_logits(image: NDArray[np.float32], windows: Windows) -> NDArray[np.float32]:
    """All windows of the padded image, added up in one array."""
    size, patch, classes = image.shape[1:], windows.patch_size, windows.classes
    margin = [max(0, of - extent) for extent, of in zip(size, patch, strict=True)]
    padded = np.pad(image, [(0, 0), *((of // 2, of - of // 2) for of in margin)])
    logits = np.zeros((classes, *padded.shape[1:]), np.float32)
    weights = np.zeros(padded.shape[1:], np.float32)
    importance = gaussian_importance(patch)
    for start in window_starts((size[0], size[1], size[2]), patch):
        box = tuple(
            slice(at + of // 2, at + of // 2 + extent) for at, of, extent in zip(start, margin, patch, strict=True)
        )
        weights[box] += importance
        logits[(slice(None), *box)] += importance * network(classes)(padded[(slice(None), *box)][None])[0]
    inside = tuple(slice(of // 2, of // 2 + extent) for of, extent in zip(margin, size, strict=True))
    return (logits / weights)[(slice(None), *inside)]


@pytest.mark.parametrize(
    ("size", "patch"),
    [((40, 9, 11), (8, 6, 8)), ((5, 20, 9), (8, 8, 8)), ((17, 8, 6), (4, 8, 12)), ((8, 8, 8), (8, 8, 8))],
)
@pytest.mark.parametrize("batch_size", [1, 3])
def test_planes_follow_one_another_and_are_those_of_the_whole_volume(size: Zyx, patch: Zyx, batch_size: int):
    image = np.random.default_rng(1).normal(size=(2, *size)).astype(np.float32)
    windows = Windows(patch, batch_size, 3, [])
    slabs = list(predict_in_slabs(network(3), image, windows))
    assert [slab.z for slab in slabs] == np.cumsum([0, *(slab.logits.shape[1] for slab in slabs[:-1])]).tolist()
    assert max(slab.logits.shape[1] for slab in slabs) <= patch[0]
    assert np.array_equal(np.concatenate([slab.logits for slab in slabs], 1), whole_logits(image, windows))


def label_in_slabs(logits: NDArray[np.float32], cuts: Sequence[int], geometry: GridGeometry, export: list[int] | None):
    maker = LabelMaker((logits.shape[1], logits.shape[2], logits.shape[3]), geometry, export)
    for begin, end in zip([0, *cuts], [*cuts, logits.shape[1]], strict=True):
        maker.take(Slab(begin, logits[:, begin:end]))
    return maker.label()


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 1.0, 1.0), (1.0, 1.0, 5.0)])
@pytest.mark.parametrize("export", [None, [2, 1, 1]])
def test_a_label_is_the_same_however_its_planes_come(spacing: tuple[float, float, float], export: list[int] | None):
    logits = np.random.default_rng(2).normal(size=(3, 12, 7, 9)).astype(np.float32)
    geometry = GridGeometry((20, 31, 11), spacing, (1, 0, 2), (2, 1, 0), (25, 15, 11), (2.0, 1.5, 1.0))
    whole = label_in_slabs(logits, [], geometry, export)
    assert whole.shape == (20, 31, 11)
    assert len(np.unique(whole)) >= 3
    for cuts in ([4, 8], [1, 2, 3, 11], list(range(1, 12))):
        assert np.array_equal(label_in_slabs(logits, cuts, geometry, export), whole)


def test_the_length_of_a_volume_does_not_change_how_many_logits_are_held():
    classes, size, patch = 24, (320, 24, 24), (16, 24, 24)
    image = np.random.default_rng(3).normal(size=(1, *size)).astype(np.float32)
    all_logits = classes * image.nbytes
    maker = LabelMaker(size, as_it_lies(size))
    tracemalloc.start()
    for slab in predict_in_slabs(network(classes), image, Windows(patch, 1, classes, [])):
        maker.take(slab)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < all_logits / 2
