"""What a killed trainer leaves, and how it goes on."""

import os
import signal
from pathlib import Path

import pytest

pytest.importorskip("torch")

from patchstream.v1 import trainer_pb2 as wire
from tests.serving import Server
from tests.trainer.conftest import Run
from tests.trainer.trainers import Calls, Event, bodies, last_state, steps, trainer

pytestmark = pytest.mark.torch


def curve(events: list[Event]) -> list[tuple[object, ...]]:
    """What two runs must have in common, step by step, to the last bit."""
    names = ("step", "stage", "loss", "checksum", "learning_rate", "gradient_norm")
    return [tuple(one[name] for name in names) for one in steps(events)]


def test_a_trainer_that_is_killed_goes_on_to_the_same_losses(sample_server: Server, tiny_run: Run, tmp_path: Path):
    run = tiny_run(data={"valSteps": 1})
    with trainer("torch", tmp_path / "whole") as one, Calls(one.address) as calls:
        undisturbed = list(calls.watch(calls.start(run, [sample_server.address])))
    runs = tmp_path / "runs"
    with trainer("torch", runs) as one, Calls(one.address) as calls:
        name = calls.start(run, [sample_server.address])
        for event in calls.watch(name):
            if event["kind"] == "step" and event["step"]["step"] == 10:
                break
        one.kill()
    with trainer("torch", runs) as one, Calls(one.address) as calls:
        listed = calls.call("ListTrainings", wire.ListTrainingsRequest(), wire.ListTrainingsResponse).trainings
        assert [(entry.id, entry.state) for entry in listed] == [(name, wire.TRAINING_STATE_INTERRUPTED)]
        calls.resume(name)
        resumed = list(calls.watch(name))
    assert last_state(resumed)["state"] == "TRAINING_STATE_DONE"
    assert curve(resumed) == curve(undisturbed)
    assert bodies("evaluated", resumed) == bodies("evaluated", undisturbed)
    assert [epoch["smoothed_pseudo_dice"] for epoch in bodies("epoch", resumed)] == [
        epoch["smoothed_pseudo_dice"] for epoch in bodies("epoch", undisturbed)
    ]


def test_a_training_whose_process_is_killed_fails_with_the_reason_and_is_resumed(
    sample_server: Server, tiny_run: Run, tmp_path: Path
):
    with trainer("torch", tmp_path / "runs") as one, Calls(one.address) as calls:
        name = calls.start(tiny_run(), [sample_server.address])
        for event in calls.watch(name):
            if event["kind"] == "step" and event["step"]["step"] == 5:
                os.kill(child_of(one.process.pid), signal.SIGKILL)
                break
        events = list(calls.watch(name))
        assert last_state(events)["state"] == "TRAINING_STATE_FAILED"
        assert "SIGKILL" in last_state(events)["message"]
        calls.resume(name)
        assert last_state(list(calls.watch(name)))["state"] == "TRAINING_STATE_DONE"


def child_of(parent: int) -> int:
    """The one process that a process has started."""
    (child,) = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return int(child)
