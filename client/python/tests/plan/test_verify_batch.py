import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from patchstream.errors import PatchstreamError
from patchstream.plan import BatchPlan, CaseTable, PlannedSample, located_start, plan_batch, read_spec, verify_batch
from patchstream.plan.arrays import Integers
from patchstream.timeline import Timeline
from patchstream.zyx import Zyx
from tests.plan.golden_files import golden, table_of

RUNS = golden("runs")[:8]


@dataclass(frozen=True)
class Sent:
    case: str
    label_class: int
    start: Zyx
    size: Zyx


@dataclass
class SentBatch:
    timeline: Timeline
    step: int
    stage: int
    global_batch: int
    patch_size: Zyx
    samples: Sequence[Sent]


def stored_voxel(table: CaseTable, case: str, label_class: int, number: int) -> Zyx:
    """A store of which every location is known: one that hashes to it."""
    z, y, x = table.shape_of(case)
    place = (7919 * number + 31 * label_class) % math.prod((z, y, x))
    return place // (y * x), place // x % y, place % x


def read_locations_of(table: CaseTable) -> Callable[[str, int, Sequence[int]], Integers]:
    return lambda case, label_class, k: np.array([stored_voxel(table, case, label_class, one) for one in k])


def sent(plan: BatchPlan, table: CaseTable) -> SentBatch:
    """The batch that a server sends of a plan."""

    def sample(one: PlannedSample) -> Sent:
        if one.start is not None:
            return Sent(one.case, one.label_class, one.start, plan.crop_size)
        voxel = stored_voxel(table, one.case, one.location_class, one.location or 0)
        start = located_start(voxel, table.shape_of(one.case), plan.crop_size)
        return Sent(one.case, one.label_class, start, plan.crop_size)

    samples = [sample(one) for one in plan.samples]
    return SentBatch(plan.timeline, plan.step, plan.stage, plan.global_batch, plan.patch_size, samples)


@pytest.mark.parametrize("run", RUNS)
def test_the_batch_of_the_plan_passes(run: Mapping[str, Any]):
    spec, table = read_spec(run["spec"]), table_of(run["dataset"])
    for want in run["batches"]:
        share = {"rank": want["rank"], "ranks": want["ranks"]}
        plan = plan_batch(spec, table, want["step"], want["stage"], timeline=want["timeline"], **share)
        batch = sent(plan, table)
        verify_batch(batch, spec, table, **share)
        verify_batch(batch, spec, table, **share, read_locations=read_locations_of(table))


def _changed(batch: SentBatch, place: int, **changes: Any) -> SentBatch:
    samples = [replace(one, **changes) if index == place else one for index, one in enumerate(batch.samples)]
    return replace(batch, samples=samples)


@pytest.fixture
def planned() -> tuple[BatchPlan, SentBatch, Callable[[SentBatch, bool], str]]:
    """A batch with random and foreground samples, and what is said of a changed one."""
    run = RUNS[0]
    spec, table = read_spec(run["spec"]), table_of(run["dataset"])
    plan = next(
        plan
        for plan in (plan_batch(spec, table, step) for step in range(100))
        if {one.kind for one in plan.samples} == {"random", "foreground"}
    )

    def refused(batch: SentBatch, looked_up: bool = False) -> str:
        with pytest.raises(PatchstreamError) as caught:
            verify_batch(batch, spec, table, read_locations=read_locations_of(table) if looked_up else None)
        assert caught.value.code == "PATCH_MISMATCH"
        assert caught.value.facts["step"] == plan.step
        return str(caught.value)

    return plan, sent(plan, table), refused


Planned = tuple[BatchPlan, SentBatch, Callable[..., str]]


def test_what_differs_is_named(planned: Planned):
    plan, batch, refused = planned
    assert "came with patch 1x1x1; its stage has patch" in refused(replace(batch, patch_size=(1, 1, 1)))
    assert f"its stage has a batch of {plan.global_batch}" in refused(replace(batch, global_batch=99))
    assert f"came with {len(plan.samples) - 1} samples" in refused(replace(batch, samples=batch.samples[1:]))
    assert "sample 0 of case other" in refused(_changed(batch, 0, case="other"))
    assert "box 1x2x3" in refused(_changed(batch, 0, size=(1, 2, 3)))
    last = len(plan.samples) - 1
    assert f"sample {last} of case" in refused(_changed(batch, last, label_class=77))


def test_a_random_box_elsewhere_is_named(planned: Planned):
    plan, batch, refused = planned
    place = next(index for index, one in enumerate(plan.samples) if one.kind == "random")
    z, y, x = batch.samples[place].start
    assert f"start {z},{y},{x + 1}, box" in refused(_changed(batch, place, start=(z, y, x + 1)))


def test_a_foreground_box_is_looked_up_in_the_store_and_else_must_be_possible(planned: Planned):
    plan, batch, refused = planned
    place = next(index for index, one in enumerate(plan.samples) if one.kind == "foreground")
    z, y, x = batch.samples[place].start
    near = (z, y, x - 1 if x > 0 else x + 1)
    assert f"its stage has sample {place} of case" in refused(_changed(batch, place, start=near), looked_up=True)
    assert "start 900,0,0" in refused(_changed(batch, place, start=(900, 0, 0)))


def test_another_recipe_is_refused():
    with pytest.raises(PatchstreamError, match="the run was made with recipe 999") as caught:
        read_spec({**RUNS[0]["spec"], "recipe": 999})
    assert caught.value.code == "RECIPE_UNKNOWN"


def test_a_spec_that_is_not_resolved_is_refused_by_field():
    with pytest.raises(PatchstreamError, match=r"data\.recipe is"):
        read_spec(b'{"dataset": "x"}')
    with pytest.raises(PatchstreamError, match="a resolved spec as JSON"):
        read_spec(b"{")


def test_addresses_that_a_run_does_not_have_are_refused():
    run = RUNS[1]
    spec, table = read_spec(run["spec"]), table_of(run["dataset"])
    assert len(spec.stages) > 1
    addresses: list[tuple[dict[str, Any], str]] = [
        ({"step": 10**9}, "STEP_UNKNOWN"),
        ({"step": -1}, "STEP_UNKNOWN"),
        ({"step": 0, "stage": 99}, "STAGE_UNKNOWN"),
        ({"step": 0, "stage": 0, "timeline": "val"}, "STAGE_UNKNOWN"),
        ({"step": 0, "ranks": 1000}, "REQUEST_INVALID"),
        ({"step": 0, "rank": 1}, "REQUEST_INVALID"),
    ]
    for address, code in addresses:
        with pytest.raises(PatchstreamError) as caught:
            plan_batch(spec, table, **address)
        assert caught.value.code == code
    other = replace(spec, dataset_digest="7" * 64)
    with pytest.raises(PatchstreamError, match=r"dataset is .*; it must be 7777"):
        plan_batch(other, table, 0)
    without = replace(spec, split=replace(spec.split, train=("nowhere",) * 2))
    with pytest.raises(PatchstreamError, match='no case "nowhere"'):
        plan_batch(without, table, 0)
