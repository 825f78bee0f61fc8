from collections.abc import Mapping
from typing import Any

import pytest

from patchstream.errors import PatchstreamError
from patchstream.plan import MODES, Stage, resolve_stages
from tests.plan.golden_files import golden
from tests.plan.transforms import as_json

PLAN = {"patchSize": [40, 56, 40], "batchSize": 9, "pooling": [3, 3, 3]}


def _share(fraction: float | Mapping[str, float]) -> float | tuple[float, float]:
    return (fraction["from"], fraction["to"]) if isinstance(fraction, Mapping) else fraction


def _row(stage: Stage) -> list[Any]:
    size = (stage.patch_size, stage.batch_size, stage.epochs, stage.foreground_fraction, stage.crop_size)
    return as_json(size)


def test_stages_of_every_mode_are_typescripts():
    assert {one["mode"] for one in golden("curricula")} == set(MODES)
    for one in golden("curricula"):
        stages = resolve_stages(
            one["plan"],
            one["mode"],
            epochs=one["epochs"],
            foreground_fraction=_share(one["foregroundFraction"]),
            budget_fraction=one["budgetFraction"],
            rounding=one["rounding"],
        )
        assert [_row(stage) for stage in stages] == one["stages"], one["mode"]


def test_what_is_left_out_is_the_modes_default():
    stages = resolve_stages(PLAN, "performance")
    assert len(stages) == 15
    assert sum(stage.epochs for stage in stages) == 1000
    assert {stage.foreground_fraction for stage in stages} == {0.5}


def test_fewer_epochs_than_stages_are_refused():
    with pytest.raises(PatchstreamError, match=r"data\.epochs is 3; it must be at least 15, one epoch for each"):
        resolve_stages(PLAN, "efficiency", epochs=3)


def test_a_plan_that_cannot_be_read_is_refused_by_field():
    with pytest.raises(PatchstreamError, match=r"plan.patchSize\[1\] is 56.5; it must be an integer"):
        resolve_stages({**PLAN, "patchSize": [40, 56.5, 40]}, "constant")
    with pytest.raises(PatchstreamError, match=r"plan\.pooling is"):
        resolve_stages({"patchSize": [40, 56, 40], "batchSize": 9}, "constant")
