"""Whether a run has what its control decides by."""

from collections.abc import Mapping
from typing import Any

from patchstream.errors import refuse
from patchstream.trainer.spec import TrainingSpec


def is_validated(spec: Mapping[str, Any], settings: TrainingSpec) -> bool:
    """Whether each epoch ends with the validation batches of a run of the resolved `spec`.

    Raises SPEC_INVALID where they are asked for and the run has none.
    """
    has_batches = spec["valSteps"] > 0
    if settings.validation and not has_batches:
        want = "false where data.valSteps is 0, as it is without cases that are held out"
        raise refuse("training.validation", True, want)
    return has_batches if settings.validation is None else settings.validation


def check_control(spec: Mapping[str, Any], settings: TrainingSpec) -> None:
    """Raises SPEC_INVALID for adaptive control that has nothing to decide by, or validation that cannot be."""
    validated = is_validated(spec, settings)
    kind = settings.control.kind
    if kind != "adaptive":
        return
    if spec["stageOrder"] == "random":
        want = '"scheduled" or "manual" where the stage of each step is drawn: there is no next one'
        raise refuse("training.control.kind", kind, want)
    if not validated:
        want = '"scheduled" or "manual" in a run without validation: it decides by the pseudo Dice'
        raise refuse("training.control.kind", kind, want)
