"""Checks a batch that has come against the plan of its run."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from patchstream.errors import PatchstreamError
from patchstream.plan.batch.batch_plan import BatchPlan, PlannedSample
from patchstream.plan.batch.case_table import CaseTable, DescribedDataset
from patchstream.plan.described import DescribedRun, spec_of, table_of
from patchstream.plan.run_spec.resolved_spec import ResolvedSpec
from patchstream.plan.sampling.box import located_start, located_start_bounds
from patchstream.plan.sampling.plan_batch import plan_share
from patchstream.timeline import Timeline
from patchstream.zyx import Zyx, zyx_of


class ReceivedSample(Protocol):
    """Where a sample came from, as its server says."""

    @property
    def case(self) -> str:
        """Case id."""
        ...

    @property
    def label_class(self) -> int:
        """The class around a voxel of which its box lies; 0 for a random box."""
        ...

    @property
    def start(self) -> Zyx:
        """The first voxel of its box (Z,Y,X, store voxels)."""
        ...

    @property
    def size(self) -> Zyx:
        """Size of the box (Z,Y,X)."""
        ...


class ReceivedBatch(Protocol):
    """What is checked of a `Batch`."""

    timeline: Timeline
    step: int
    stage: int
    global_batch: int
    patch_size: Zyx

    @property
    def samples(self) -> Sequence[ReceivedSample]:
        """In the order of the tensors' first axis."""
        ...


ReadLocations = Callable[[str, int, Sequence[int]], NDArray[np.integer]]
"""The stored locations (n, 3) of a case and class with the numbers given: `DataClient.read_locations`."""


def verify_batch(
    batch: ReceivedBatch,
    run: ResolvedSpec | DescribedRun,
    dataset: CaseTable | DescribedDataset,
    *,
    rank: int = 0,
    ranks: int = 1,
    read_locations: ReadLocations | None = None,
) -> None:
    """Compares a received batch with the plan of its run: patch, batch, and case, class and box of every sample.

    `run` and `dataset` are as in `plan_batch`. The box of a foreground sample lies around a stored voxel, which only
    the store knows: with `read_locations` (`client.read_locations`) it is looked up, a call for each case and class;
    without, the box is checked to be one that some voxel could have.

    Raises PATCH_MISMATCH naming the first thing that differs, and what `plan_batch` raises.
    """
    spec, cases = spec_of(run), table_of(dataset)
    # What is done to a sample is not on the wire: its draws are left out.
    boxes_only = replace(spec, augmentation=())
    plan = plan_share(boxes_only, cases, batch.step, timeline=batch.timeline, stage=batch.stage, rank=rank, ranks=ranks)
    _compare(batch.step, _size_text(batch.patch_size, "patch"), _size_text(plan.patch_size, "patch"))
    _compare(batch.step, f"a batch of {batch.global_batch}", f"a batch of {plan.global_batch}")
    _compare(batch.step, f"{len(batch.samples)} samples", f"{len(plan.samples)} samples")
    starts = _starts(plan, cases, read_locations) if read_locations else {}
    for received, planned in zip(batch.samples, plan.samples, strict=True):
        start = starts.get(planned.sample) or planned.start or _possible_start(received.start, planned, plan, cases)
        want = _sample_text(planned.sample, planned.case, planned.label_class, start, plan.crop_size)
        got = _sample_text(planned.sample, received.case, received.label_class, received.start, received.size)
        _compare(batch.step, got, want)


def _compare(step: int, got: str, want: str) -> None:
    if got != want:
        hint = "It is not the batch that its run plans: its server is faulty, or its recipe is another one."
        raise PatchstreamError({"code": "PATCH_MISMATCH", "step": step, "got": got, "want": want}, hint)


def _starts(plan: BatchPlan, cases: CaseTable, read_locations: ReadLocations) -> dict[int, Zyx]:
    """The start of each sample around a stored voxel, by its number. Locations are asked for once a case and class."""
    lists: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for sample in plan.samples:
        if sample.location is not None:
            lists.setdefault((sample.case, sample.location_class), []).append((sample.sample, sample.location))
    starts: dict[int, Zyx] = {}
    for (case, label_class), members in lists.items():
        voxels = read_locations(case, label_class, [location for _, location in members])
        for (sample, _), voxel in zip(members, voxels, strict=True):
            starts[sample] = located_start(zyx_of(voxel), cases.shape_of(case), plan.crop_size)
    return starts


def _possible_start(start: Zyx, planned: PlannedSample, plan: BatchPlan, cases: CaseTable) -> Zyx:
    """`start` where the box of some voxel of the case begins there, else the nearest one that does."""
    lower, upper = located_start_bounds(cases.shape_of(planned.case), plan.crop_size)
    return zyx_of(np.minimum(np.maximum(np.array(start), np.array(lower)), np.array(upper)))


def _size_text(size: Zyx, name: str) -> str:
    return f"{name} {'x'.join(map(str, size))}"


def _sample_text(number: int, case: str, label_class: int, start: Zyx, size: Zyx) -> str:
    drawn = f"class {label_class}" if label_class else "no class"
    return f"sample {number} of case {case}, {drawn}, start {','.join(map(str, start))}, {_size_text(size, 'box')}"
