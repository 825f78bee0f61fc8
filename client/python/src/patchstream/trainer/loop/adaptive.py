"""Adaptive control: the next stage where the pseudo Dice has stopped rising."""

from patchstream.trainer.run_folder.progress import Plateau
from patchstream.trainer.spec import Control


def plateau_after(before: Plateau | None, stage: int, dice: float | None, min_delta: float) -> Plateau:
    """The plateau after one more epoch, which ended in `stage` with the moving average `dice`."""
    # Another patch size is another curve: a stage is held against itself alone.
    held = before if before is not None and before.stage == stage else Plateau(stage, 0, None, 0)
    rises = dice is not None and (held.highest is None or dice > held.highest + min_delta)
    return Plateau(stage, held.epochs + 1, dice if rises else held.highest, 0 if rises else held.epochs_since + 1)


def why_advance(plateau: Plateau, control: Control, most_epochs: int) -> str | None:
    """Why the stage of `plateau` is to be advanced after its last epoch, in one line; None while it is not."""
    if plateau.epochs >= most_epochs:
        return f"its {most_epochs} epochs are over"
    if plateau.epochs < control.least_epochs or plateau.epochs_since < control.patience:
        return None
    since = f"for {plateau.epochs_since} epochs"
    if plateau.highest is None:
        return f"{since} there was no pseudo Dice"
    risen = f"has not risen by more than {control.min_delta} above {plateau.highest:.4f}"
    return f"{since} the smoothed pseudo Dice {risen}"
