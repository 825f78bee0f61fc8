"""What a caller gives that no message can carry: one line that names it, before any server is asked."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import patchstream
from patchstream import DataClient, PatchstreamError, Run
from tests.serving import SMALL_SPEC, Server


def refused(call: Callable[[], object]) -> PatchstreamError:
    with pytest.raises(PatchstreamError) as raised:
        call()
    assert "\n" not in str(raised.value)
    return raised.value


NUMBERS = [-1, 1.5, "1", 2**32, 2**70, float("nan"), None]
"""None of these is a step, a rank or anything else that a message counts."""


def calls(client: DataClient, run: Run, number: Any) -> dict[str, Callable[[], object]]:
    """By the field that must be named: calls that give `number` for it."""
    return {
        "ranks": lambda: client.describe_run(SMALL_SPEC, ranks=number),
        "credit_batches": lambda: client.open_run(SMALL_SPEC, credit_batches=number),
        "rank": lambda: client.open_run(SMALL_SPEC, rank=number, ranks=2),
        "step": lambda: client.get_batch(SMALL_SPEC, step=number),
        "class_value": lambda: client.read_locations("hippocampus_003", number),
        "k": lambda: client.read_locations("hippocampus_003", 1, [number]),
        "region": lambda: client.read_image("hippocampus_003", ((0, 0, 0), (4, 4, number))),
        "index": lambda: run.part(number, 2),
    }


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_no_number_of_the_protocol_is_refused_by_the_name_of_its_field(
    sample_server: Server, number: object
) -> None:
    with patchstream.connect(sample_server.address) as client:
        run = client.open_run(SMALL_SPEC)
        for field, call in calls(client, run, number).items():
            error = refused(call)
            assert (error.code, error.facts["field"]) == ("REQUEST_INVALID", field)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_step_or_stage_that_cannot_be_is_refused(sample_server: Server, number: Any) -> None:
    with patchstream.connect(sample_server.address) as client:
        run = client.open_run(SMALL_SPEC)
        unknown = {"REQUEST_INVALID", "STEP_UNKNOWN", "STAGE_UNKNOWN"}
        assert refused(lambda: client.open_run(SMALL_SPEC, start_step=number)).code in unknown
        assert refused(lambda: run.move_to(number, ())).code in unknown
        assert refused(lambda: run.change_stage(number)).code in unknown
        if number is not None:  # of these None is the default
            assert refused(lambda: run.change_stage(1, number)).code in unknown
            assert refused(lambda: client.get_batch(SMALL_SPEC, step=0, stage=number)).code in unknown
        assert run.decisions == ()
        assert next(run).step == 0


def test_a_timeline_that_there_is_not_is_refused(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        timeline: Any = "test"
        assert refused(lambda: client.open_run(SMALL_SPEC, timeline=timeline)).facts["field"] == "timeline"
        assert refused(lambda: client.get_batch(SMALL_SPEC, step=0, timeline=timeline)).facts["field"] == "timeline"


def test_decisions_of_a_stage_that_there_is_not_are_refused(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        decision = {"stage": 3, "from_step": 0}
        assert refused(lambda: client.open_run(SMALL_SPEC, decisions=[decision])).code == "STAGE_UNKNOWN"
        run = client.open_run(SMALL_SPEC)
        state = run.state_dict()
        state["decisions"] = [{"stage": 3, "from_step": 0, "reason": "", "hold": False}]
        assert refused(lambda: run.load_state_dict(state)).code == "STAGE_UNKNOWN"
        assert next(run).stage == 0


def test_a_state_that_is_none_is_told_what_it_lacks(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        state: Any = {"step": 3}
        error = refused(lambda: client.open_run(SMALL_SPEC).load_state_dict(state))
        assert "it has no decisions, digest" in str(error)


def test_metrics_that_are_no_numbers_are_refused(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        run = client.open_run(SMALL_SPEC)
        strange: list[Any] = [{"loss": "low"}, {"loss": None}, {"loss": float("inf")}, {1: 2.0}]
        for metrics in strange:
            error = refused(lambda metrics=metrics: run.change_stage(1, metrics=metrics))
            assert error.facts["field"] == "metrics"


def test_numbers_of_numpy_are_numbers_and_states_made_with_them_are_json(sample_server: Server) -> None:
    with patchstream.connect(sample_server.address) as client:
        step: Any = np.int64(2)
        rank: Any = np.uint8(1)
        run = client.open_run(SMALL_SPEC, rank=rank, ranks=np.int32(2), start_step=step)  # pyright: ignore[reportArgumentType]
        run.change_stage(np.int64(1), np.int64(3))  # pyright: ignore[reportArgumentType]
        state = json.loads(json.dumps(run.state_dict()))
        assert [(batch.step, batch.stage) for batch in (next(run), next(run))] == [(2, 0), (3, 1)]
        run.load_state_dict(state)
        assert run.step == 2
        assert client.get_batch(SMALL_SPEC, step=step, rank=rank, ranks=2).step == 2
