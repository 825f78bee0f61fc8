import numpy as np
import pytest

from patchstream.plan.arrays import Integers
from patchstream.plan.random import DrawPlace, Purpose, draw_integer, draw_uniform, philox4x32
from tests.plan.golden_files import golden

ALL = 0xFFFFFFFF


@pytest.mark.parametrize(
    ("counter", "key", "want"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ALL, ALL, ALL, ALL), (ALL, ALL), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_random123s_known_answers(
    counter: tuple[int, int, int, int], key: tuple[int, int], want: tuple[int, int, int, int]
):
    a, b, c, d = (np.array([word], dtype=np.uint64) for word in counter)
    assert tuple(int(word[0]) for word in philox4x32((a, b, c, d), key)) == want


def test_draws_are_typescripts():
    for one in golden("draws"):
        place = DrawPlace(one["seed"], one["timeline"], one["step"], one["sample"])
        purpose = Purpose(one["purpose"])
        assert float(draw_uniform(place, purpose, one["index"])) == one["uniform"]
        assert int(draw_integer(place, purpose, one["index"], one["count"])) == one["integer"]


def test_many_draws_at_once_are_the_draws_one_by_one():
    samples: Integers = np.arange(5, dtype=np.int64)
    indices: Integers = np.arange(3, dtype=np.int64)
    at_once = draw_uniform(DrawPlace(7, "val", 11, samples[:, None]), Purpose.BLUR, indices)
    one_by_one = [
        [float(draw_uniform(DrawPlace(7, "val", 11, sample), Purpose.BLUR, index)) for index in range(3)]
        for sample in range(5)
    ]
    assert at_once.tolist() == one_by_one
