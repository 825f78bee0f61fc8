import numpy as np

from patchstream.plan import fold_split, located_start
from patchstream.plan.sampling.box import located_start_bounds, random_start_bounds
from tests.plan.golden_files import golden


def test_boxes_lie_where_typescript_puts_them():
    for one in golden("boxes"):
        shape, crop_size, voxel = (tuple(one[name]) for name in ("shape", "cropSize", "voxel"))
        lower, upper = random_start_bounds(np.array([shape]), crop_size)
        assert lower[0].tolist() == one["lower"]
        assert upper[0].tolist() == one["upper"]
        start = located_start(voxel, shape, crop_size)
        assert list(start) == one["start"]
        least, most = located_start_bounds(shape, crop_size)
        assert all(a <= b <= c for a, b, c in zip(least, start, most, strict=True))


def test_folds_are_typescripts():
    for one in golden("splits"):
        split = fold_split(one["subjects"], folds=one["folds"], fold=one["fold"], seed=one["seed"])
        assert list(split.train) == one["split"]["train"]
        assert list(split.val) == one["split"]["val"]
