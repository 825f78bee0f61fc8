"""What real servers describe and send is what is planned here, for specs that are drawn."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

import patchstream
from patchstream import DataClient, PatchstreamError
from patchstream.dataset_info import DatasetInfo
from patchstream.plan import (
    case_table,
    fold_split,
    plan_batch,
    read_spec,
    resolve_stages,
    stages_of,
    steps_of,
    verify_batch,
    verify_run,
)
from patchstream.run_info import RunInfo
from tests.plan.random_specs import random_spec
from tests.plan.stores import IGNORE, REGIONS, ingest
from tests.serving import SMALL_SPEC, serve

SEEDS = range(15)


@pytest.fixture(scope="module", params=[{}, REGIONS, IGNORE], ids=["classes", "regions", "ignore"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataClient]:
    """Of a server whose store has labels of one kind."""
    store = ingest(request.param, tmp_path_factory.mktemp("plan"))
    with serve(store) as server, patchstream.connect(server.address) as client:
        yield client


@pytest.fixture(scope="module")
def dataset(client: DataClient) -> DatasetInfo:
    return client.describe_dataset()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_is_described_as_its_spec_plans_it(client: DataClient, dataset: DatasetInfo, seed: int):
    draw = random.Random(seed)
    given = random_spec(dataset.name, draw)
    info = client.describe_run(given, ranks=draw.randint(1, 2))
    verify_run(info)
    spec = read_spec(info.spec_bytes)
    if "mode" in given:
        assert spec.stages == resolve_stages(spec.plan, given["mode"], **_mode_options(given))
    split = given.get("split", {})
    if split.get("fold") != "all":
        assert spec.split == fold_split([[case.id] for case in dataset.cases], **split)


def _mode_options(given: Mapping[str, Any]) -> dict[str, Any]:
    share: Any = given.get("foregroundFraction")
    names = {"budgetFraction": "budget_fraction", "rounding": "rounding", "epochs": "epochs"}
    options = {ours: given[theirs] for theirs, ours in names.items() if theirs in given}
    return {**options, "foreground_fraction": (share["from"], share["to"]) if isinstance(share, dict) else share}


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_are_those_of_the_plan(client: DataClient, dataset: DatasetInfo, seed: int):
    draw = random.Random(1000 + seed)
    given = random_spec(dataset.name, draw)
    info = client.describe_run(given)
    spec, table = read_spec(info.spec_bytes), case_table(dataset)
    for timeline in ("train", "train", "val"):
        step = draw.randrange(steps_of(spec, timeline))
        ranks = draw.randint(1, 2)
        share: dict[str, Any] = {"rank": draw.randrange(ranks), "ranks": ranks}
        stage = draw.choice([None, draw.choice(stages_of(spec, timeline))])
        batch = client.get_batch(info.spec_bytes, step=step, stage=stage, timeline=timeline, **share)
        verify_batch(batch, info, table, **share, read_locations=client.read_locations)
        verify_batch(batch, info, dataset, **share)
        plan = plan_batch(info, table, step, stage, timeline=timeline, **share)
        assert [sample.case for sample in batch.samples] == [sample.case for sample in plan.samples]


def test_every_batch_of_a_run_is_checked_across_a_change_of_stage(client: DataClient):
    dataset = client.describe_dataset()
    spec = {**SMALL_SPEC, "split": {"fold": "all"}}
    with client.open_run(spec, rank=1, ranks=2) as run:
        for batch in run:
            verify_batch(batch, run.info, dataset, rank=1, ranks=2, read_locations=client.read_locations)
            if batch.step == 3:
                run.change_stage(2, immediate=True)
        assert run.step == 24


def test_a_batch_of_another_spec_is_named(client: DataClient, dataset: DatasetInfo):
    spec = {**SMALL_SPEC, "split": {"fold": "all"}}
    other = client.describe_run({**spec, "seed": 2})
    with client.open_run(spec) as run:
        for batch in islice(run, 1):
            with pytest.raises(PatchstreamError, match="step 0 came with sample 0 of case") as caught:
                verify_batch(batch, other, dataset)
            assert caught.value.code == "PATCH_MISMATCH"


def test_a_description_that_its_spec_does_not_plan_is_named(client: DataClient, dataset: DatasetInfo):
    info = client.describe_run({"dataset": dataset.name, "mode": "efficiency"})
    stages = (*info.train.stages[:3], replace(info.train.stages[3], batch_size=99), *info.train.stages[4:])
    changed: list[tuple[RunInfo, str]] = [
        (replace(info, digest="0" * 64), "digest"),
        (replace(info, train=replace(info.train, steps=7)), r"train\.steps: it says 7; the spec plans 250000"),
        (replace(info, val=replace(info.val, epoch_first_steps=())), r"val\.epoch_first_steps"),
        (replace(info, train=replace(info.train, stages=info.train.stages[1:])), r"train\.stages"),
        (replace(info, train=replace(info.train, stages=stages)), r"train\.stages\[3\]\.batch_size: it says 99"),
    ]
    for described, line in changed:
        with pytest.raises(PatchstreamError, match=line):
            verify_run(described)
