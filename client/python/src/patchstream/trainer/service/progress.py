"""How far a training is, as its events tell it."""

from collections.abc import Mapping
from math import floor
from typing import Any

from patchstream.trainer.run_folder.checkpoint import CheckpointHeader
from patchstream.trainer.run_folder.json_lines import Entry


class Progress:
    """What a list of trainings says of each."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self._fields: dict[str, Any] = {"stepsTaken": 0, "steps": 0, "stage": 0}

    def found(self, checkpoint: CheckpointHeader) -> None:
        """A training at rest has this checkpoint."""
        spec = checkpoint.spec
        self._fields["stepsTaken"] = checkpoint.step
        self._fields["steps"] = floor(spec["epochs"] * spec["stepsPerEpoch"])

    def heard(self, event: Entry) -> None:
        """An event, in the order they happened."""
        match event["kind"]:
            case "opened":
                self._fields["steps"] = event["opened"]["steps"]
                self._fields["stepsTaken"] = event["opened"]["firstStep"]
            case "step":
                self._fields["stepsTaken"] = event["step"]["step"] + 1
                self._fields["stage"] = event["step"]["stage"]
            case "epoch":
                smoothed = event["epoch"].get("smoothedPseudoDice")
                if smoothed is not None:
                    self._fields["smoothedPseudoDice"] = smoothed
            case _:
                return

    def in_short(self) -> Mapping[str, Any]:
        """In the wire's terms."""
        return dict(self._fields)
