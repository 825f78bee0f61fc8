import numpy as np

from patchstream.trainer.loop.foreground_of import foreground_of


def test_foreground_is_what_is_in_a_class() -> None:
    label = np.array([0, 0, 1, 2, 2, 255, 4, 0], np.uint8)
    assert foreground_of(label, [(1,), (2,), (3,)]) == {"foregroundShare": 3 / 8, "classes": 2}


def test_regions_that_overlap_count_their_voxels_once_and_each_that_has_some() -> None:
    label = np.array([[0, 2], [2, 3]], np.uint8)
    assert foreground_of(label, [(1, 2, 3), (2, 3), (1,)]) == {"foregroundShare": 3 / 4, "classes": 2}
