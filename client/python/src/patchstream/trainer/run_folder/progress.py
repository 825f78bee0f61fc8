"""What online validation has shown until now: a training that is resumed goes on from it to the same decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Plateau:
    """How long the moving average has not risen in the stage in which the last epoch ended."""

    stage: int
    epochs: int
    """Epochs that ended in it without another between them."""
    highest: float | None
    """The last moving average that counted as a rise; None before there was any."""
    epochs_since: int
    """Epochs since then."""


@dataclass(frozen=True, slots=True)
class Progress:
    """After so many epochs."""

    epochs: int
    """Epochs that have ended: all their steps are taken, and they are validated. Epochs without a step count."""
    smoothed_pseudo_dice: float | None = None
    """Moving average of the pseudo Dice; None before the first epoch that had one."""
    best_pseudo_dice: float | None = None
    """The highest moving average so far: that of the best checkpoint."""
    plateau: Plateau | None = None
    """Of adaptive control, after the last epoch."""

    def ended_without_steps(self) -> "Progress":
        """One more epoch, which had no step."""
        return replace(self, epochs=self.epochs + 1)


def progress_fields(progress: Progress) -> Mapping[str, Any]:
    """As JSON holds it."""
    plateau = progress.plateau
    fields = {
        "epochs": progress.epochs,
        "smoothedPseudoDice": progress.smoothed_pseudo_dice,
        "bestPseudoDice": progress.best_pseudo_dice,
        "plateau": None if plateau is None else _plateau_fields(plateau),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _plateau_fields(plateau: Plateau) -> Mapping[str, Any]:
    highest = {} if plateau.highest is None else {"highest": plateau.highest}
    return {"stage": plateau.stage, "epochs": plateau.epochs, **highest, "epochsSince": plateau.epochs_since}


def progress_of(fields: Mapping[str, Any]) -> Progress:
    """What JSON holds of it."""
    held = fields.get("plateau")
    return Progress(
        epochs=fields["epochs"],
        smoothed_pseudo_dice=fields.get("smoothedPseudoDice"),
        best_pseudo_dice=fields.get("bestPseudoDice"),
        plateau=None
        if held is None
        else Plateau(held["stage"], held["epochs"], held.get("highest"), held["epochsSince"]),
    )
