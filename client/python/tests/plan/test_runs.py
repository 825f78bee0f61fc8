import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from patchstream.plan import (
    BatchPlan,
    PlannedSample,
    ResolvedSpec,
    epoch_first_steps,
    plan_batch,
    read_spec,
    scheduled_stage_of,
    scheduled_stages,
    scheduled_steps,
    share_tensors,
    stages_of,
    steps_of,
)
from tests.plan.golden_files import golden, table_of
from tests.plan.transforms import as_json, transform_json

RUNS = golden("runs")


def test_every_mode_strategy_and_order_occurs():
    specs = [read_spec(run["spec"]) for run in RUNS]
    assert {spec.strategy for spec in specs} == {"nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"}
    assert {spec.stage_order for spec in specs} == {"scheduled", "random"}
    assert any(stage.crop_size for spec in specs for stage in spec.stages)
    samples = [sample for run in RUNS for batch in run["batches"] for sample in batch["shown"]]
    assert {sample["kind"] for sample in samples} == {"foreground", "annotated", "random"}
    assert len({transform["kind"] for sample in samples for transform in sample["transforms"]}) == 9


@pytest.mark.parametrize("run", RUNS)
def test_timelines_are_typescripts(run: Mapping[str, Any]):
    spec = read_spec(json.dumps(run["spec"]))
    for want in run["timelines"]:
        timeline = want["timeline"]
        assert steps_of(spec, timeline) == want["steps"]
        assert epoch_first_steps(spec, timeline)[49::50] == want["epochFirstSteps"]
        for step, stage in want["stageOfStep"]:
            assert scheduled_stage_of(spec, timeline, step) == stage
        for stage in want["stages"]:
            assert stage["stage"] in stages_of(spec, timeline)
            steps = scheduled_steps(spec, timeline, stage["stage"])
            assert [steps and steps.start, steps and steps.stop] == [stage["firstStep"], stage["endStep"]]
            for share in stage["shares"]:
                assert _tensors(spec, run, timeline, stage["stage"], share["rank"]) == share["tensors"]


def _tensors(spec: ResolvedSpec, run: Mapping[str, Any], timeline: Any, stage: int, rank: int) -> list[Any]:
    tensors = share_tensors(spec, run["dataset"]["channels"], stage, timeline=timeline, rank=rank, ranks=run["ranks"])
    return [[tensor.name, tensor.type, list(tensor.shape), tensor.byte_length] for tensor in tensors]


@pytest.mark.parametrize("run", RUNS)
def test_stages_of_many_steps_are_those_of_each(run: Mapping[str, Any]):
    spec = read_spec(run["spec"])
    steps = np.arange(0, steps_of(spec, "train"), 97, dtype=np.int64)
    assert scheduled_stages(spec, steps).tolist() == [scheduled_stage_of(spec, "train", int(step)) for step in steps]


@pytest.mark.parametrize("run", RUNS)
def test_batches_are_typescripts(run: Mapping[str, Any]):
    spec, table = read_spec(run["spec"]), table_of(run["dataset"])
    for want in run["batches"]:
        plan = plan_batch(
            spec,
            table,
            want["step"],
            want["stage"],
            timeline=want["timeline"],
            rank=want["rank"],
            ranks=want["ranks"],
        )
        assert _head(plan) == [want[name] for name in ("patchSize", "cropSize", "globalBatch", "samples")]
        for shown in want["shown"]:
            planned: PlannedSample = plan.samples[int(shown["place"])]
            assert {"place": shown["place"], **_sample(planned)} == _sample_defaults(shown)


def _head(plan: BatchPlan) -> list[Any]:
    return as_json((plan.patch_size, plan.crop_size, plan.global_batch, len(plan.samples)))


def _sample_defaults(shown: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"class": 0, "location": None, "lower": None, **shown}


def _sample(sample: PlannedSample) -> Mapping[str, Any]:
    return {
        "sample": sample.sample,
        "case": sample.case,
        "kind": sample.kind,
        "class": sample.label_class,
        "location": sample.location,
        "lower": as_json(sample.start),
        "transforms": [transform_json(one) for one in sample.transforms],
    }


@pytest.mark.parametrize("run", RUNS[:8])
def test_the_union_over_ranks_is_the_batch(run: Mapping[str, Any]):
    spec, table = read_spec(run["spec"]), table_of(run["dataset"])
    step = steps_of(spec, "train") // 2
    whole = plan_batch(spec, table, step)
    for ranks in (2, 3):
        shares = [plan_batch(spec, table, step, rank=rank, ranks=ranks) for rank in range(ranks)]
        samples = sorted((sample for share in shares for sample in share.samples), key=lambda one: one.sample)
        assert tuple(samples) == whole.samples
