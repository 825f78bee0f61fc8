"""The log of a training for a person, in its folder: a line an epoch and a line a stage, each with its time (UTC)."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from patchstream.trainer.run_folder.json_lines import prepare_json_lines
from patchstream.trainer.run_folder.write_file import OWNER_ONLY_FILE, reporting_failure

TRAINING_LOG_FILE = "training-log.txt"


class TrainingLog:
    """Its one writer is the training's process. What is done again after a crash stands in it twice."""

    def __init__(self, folder: Path) -> None:
        """Opens the log in `folder`. Raises WRITE_FAILED."""
        self._file = folder / TRAINING_LOG_FILE
        prepare_json_lines(self._file)

    def add(self, event: Mapping[str, Any]) -> None:
        """Raises WRITE_FAILED."""
        line = log_line(event["kind"], event[event["kind"]])
        if line is None:
            return
        time = datetime.now(timezone.utc).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
        with reporting_failure(self._file):
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY_FILE)
            with open(descriptor, "a", encoding="utf-8") as file:
                file.write(f"{time}: {line}\n")


def log_line(kind: str, body: Mapping[str, Any]) -> str | None:
    """What the log says of an event; None where it is silent."""
    match kind:
        case "opened":
            run = f"{body['dataset']}, run {body['digest']}: {len(body['stages'])} stages, {body['epochs']} epochs"
            network = f"{body['parameters']} parameters on {body['engine']}"
            return f"{run}, {body['steps']} steps, from step {body['firstStep']} on, {network}"
        case "stage":
            patch = "x".join(map(str, body["patchSize"]))
            entered = f"step {body['fromStep']}: stage {body['stage']}, patch {patch}"
            return f"{entered}, batch {body['batchSize']} ({body['reason']})"
        case "decided":
            decided = f"decided: stage {body['stage']} from step {body['fromStep']} on"
            return f"{decided} ({body['reason']}): {body['text']}"
        case "epoch":
            return _epoch_line(body)
        case "caseEvaluated":
            return f"{body['case']}: Dice [{_dices(body['classes'])}]"
        case "evaluated":
            mean = _four(body.get("meanDice"))
            of = f"evaluation of the last checkpoint on {body['cases']} cases"
            return f"{of}: Dice [{_dices(body['classes'])}], mean {mean}"
        case "warning":
            return f"warning: {body['text']}"
        case _:
            return None


def _epoch_line(body: Mapping[str, Any]) -> str:
    """What nnU-Net's log says of an epoch, in one line."""
    parts = [f"Epoch {body['epoch']}: learning rate {body['learningRate']:.4g}", f"train_loss {body['loss']:.4f}"]
    if "validationLoss" in body:
        best = " (new best)" if body["best"] else ""
        parts += [
            f"val_loss {body['validationLoss']:.4f}",
            f"Pseudo dice [{_dices(body['pseudoDice'])}]",
            f"EMA pseudo Dice {_four(body.get('smoothedPseudoDice'))}{best}",
        ]
    seconds = body["trainSeconds"] + body["validationSeconds"]
    return ", ".join([*parts, f"Epoch time {seconds:.2f} s", f"{_duration(body['secondsLeft'])} left"])


def _dices(classes: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(_four(one.get("dice")) for one in classes)


def _four(value: float | None) -> str:
    return "nan" if value is None else f"{value:.4f}"


def _duration(seconds: float) -> str:
    """h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
