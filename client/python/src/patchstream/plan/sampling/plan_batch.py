"""Decides every crop of one batch, or one rank's share of it."""

from dataclasses import dataclass

import numpy as np

from patchstream.errors import PatchstreamError, refuse_request
from patchstream.plan.arrays import Integers, Truths
from patchstream.plan.augment.augmentation import Augmentation
from patchstream.plan.augment.draw_augmentation import draw_augmentation
from patchstream.plan.augment.subjects import Subjects
from patchstream.plan.augment.transform import Transform
from patchstream.plan.batch.batch_plan import BatchPlan, PlannedSample
from patchstream.plan.batch.case_table import CaseTable
from patchstream.plan.batch.share import check_rank, samples_of
from patchstream.plan.batch.timeline import check_address, scheduled_stage_of, stage_of
from patchstream.plan.random import DrawPlace, Purpose, draw_integer
from patchstream.plan.run_spec.resolved_spec import ResolvedSpec, Strategy
from patchstream.plan.sampling.batch_choice import BatchDraw
from patchstream.plan.sampling.box import random_start_bounds
from patchstream.plan.sampling.foreground_count import foreground_count
from patchstream.plan.sampling.strategies import choose_cases
from patchstream.timeline import Timeline
from patchstream.zyx import Zyx, zyx_of


def plan_share(
    spec: ResolvedSpec,
    cases: CaseTable,
    step: int,
    *,
    timeline: Timeline = "train",
    stage: int | None = None,
    rank: int = 0,
    ranks: int = 1,
) -> BatchPlan:
    """One rank's share of one batch. The union over ranks is the same batch for any number of them.

    `stage` None is the scheduled one. The `val` timeline has no curriculum: always the plan's patch and batch size,
    nnU-Net's strategy with its foreground share 0.33, no augmentation, cases of `split.val`; its step is
    epoch x val_steps + i, and its stage the last one.

    Raises STAGE_UNKNOWN, STEP_UNKNOWN, REQUEST_INVALID for ranks that some stage cannot serve and for the cases of
    another data set, and NOT_FOUND for a drawn case that `cases` lacks.
    """
    if cases.digest != spec.dataset_digest:
        raise refuse_request("dataset", cases.digest, f"{spec.dataset_digest}, that of the data set of the run")
    at = scheduled_stage_of(spec, timeline, step) if stage is None else stage
    check_address(spec, timeline, step, at)
    check_rank(spec, rank, ranks)
    planned = stage_of(spec, timeline, at)
    recipe = _recipe_of(spec, timeline)
    batch = BatchDraw(
        seed=spec.seed,
        timeline=timeline,
        step=step,
        batch_size=planned.batch_size,
        foreground_count=foreground_count(planned.batch_size, planned.foreground_fraction),
        case_count=len(recipe.case_ids),
    )
    samples = samples_of(planned.batch_size, rank, ranks)
    crop_size = planned.crop_size or planned.patch_size
    subjects = Subjects(spec.seed, timeline, step, samples, crop_size, cases.channels)
    crops = _Crops(
        batch=batch,
        samples=samples,
        rows=_rows_of(cases, recipe.case_ids, choose_cases(recipe.strategy, batch)[samples]),
        transforms=draw_augmentation(recipe.augmentation, subjects),
    )
    drawn = _draw_crops(crops, cases, crop_size)
    return BatchPlan(timeline, step, at, planned.patch_size, crop_size, planned.batch_size, drawn)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How the batches of a timeline are made."""

    strategy: Strategy
    case_ids: tuple[str, ...]
    augmentation: tuple[Augmentation, ...]


def _recipe_of(spec: ResolvedSpec, timeline: Timeline) -> _Recipe:
    if timeline == "train":
        return _Recipe(spec.strategy, spec.split.train, spec.augmentation)
    return _Recipe("nnunet", spec.split.val, ())


def _rows_of(cases: CaseTable, case_ids: tuple[str, ...], chosen: Integers) -> Integers:
    """The rows in the case table of the cases chosen from `case_ids`."""

    def row(case: str) -> int:
        if case not in cases.rows:
            raise PatchstreamError({"code": "NOT_FOUND", "what": "case", "name": case, "known": list(cases.ids)})
        return cases.rows[case]

    return np.array([row(case_ids[int(index)]) for index in chosen], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Crops:
    """Samples whose places are to be drawn, in columns."""

    batch: BatchDraw
    samples: Integers
    rows: Integers
    """Of the case table."""
    transforms: list[tuple[Transform, ...]]


def _draw_crops(crops: _Crops, cases: CaseTable, crop_size: Zyx) -> tuple[PlannedSample, ...]:
    """The place of each sample.

    A foreground patch (class uniform among those the case has, then location uniform), or a random one where it has
    none. With an ignore label random patches lie around labelled voxels, as nnU-Net's (nnUNetDataLoader, get_bbox).
    """
    batch, samples, rows = crops.batch, crops.samples, crops.rows
    place = DrawPlace(batch.seed, batch.timeline, batch.step, samples)
    counts = cases.location_counts[rows]
    is_present = _present_classes(cases, counts)
    present = np.count_nonzero(is_present, axis=1)
    is_foreground: Truths = batch.is_foreground()[samples] & (present > 0)
    columns = _nth_true(is_present, draw_integer(place, Purpose.CLASS, 0, np.maximum(present, 1)))
    lists = np.where(is_foreground, columns, cases.location_counts.shape[1] - 1)
    located = counts[np.arange(len(samples)), lists]
    is_annotated: Truths = ~is_foreground & (located > 0) & (cases.ignore_label is not None)
    locations = draw_integer(place, Purpose.LOCATION, 0, np.maximum(located, 1))
    starts = _draw_starts(place, cases.shapes[rows], crop_size)

    def planned(index: int) -> PlannedSample:
        kind = "foreground" if is_foreground[index] else "annotated" if is_annotated[index] else "random"
        return PlannedSample(
            sample=int(samples[index]),
            case=cases.ids[int(rows[index])],
            kind=kind,
            label_class=cases.classes[int(columns[index])] if kind == "foreground" else 0,
            location=None if kind == "random" else int(locations[index]),
            start=zyx_of(starts[index]) if kind == "random" else None,
            transforms=crops.transforms[index],
        )

    return tuple(planned(index) for index in range(len(samples)))


def _present_classes(cases: CaseTable, counts: Integers) -> Truths:
    """Of each sample and list of locations, whether it is that of a class, and not empty; `ANNOTATED` is no class."""
    return (counts > 0) & (np.arange(counts.shape[1], dtype=np.int64) < len(cases.classes))


def _nth_true(table: Truths, numbers: Integers) -> Integers:
    """The column of each row's true value number `numbers`, counted from 0; 0 where a row has none."""
    return (table & (np.cumsum(table, axis=1) == numbers[:, None] + 1)).argmax(axis=1)


def _draw_starts(place: DrawPlace, shapes: Integers, crop_size: Zyx) -> Integers:
    """The first voxels (samples, 3) of random boxes."""
    lower, upper = random_start_bounds(shapes, crop_size)
    samples = np.asarray(place.sample)[:, None]
    each_axis = DrawPlace(place.seed, place.timeline, place.step, samples)
    return lower + draw_integer(each_axis, Purpose.START, np.arange(3), upper - lower + 1)
