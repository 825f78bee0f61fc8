"""Whether a checkpoint is of the training that shall go on with it."""

from patchstream.errors import PatchstreamError, refuse
from patchstream.run_info import RunInfo
from patchstream.trainer.run_folder.checkpoint import CheckpointHeader
from patchstream.trainer.spec import OptimizerName


def check_digest(header: CheckpointHeader | None, info: RunInfo) -> None:
    """Raises SPEC_INVALID for a checkpoint of another run."""
    if header is not None and header.digest != info.digest:
        want = f"that of the run in the checkpoint, {header.digest}"
        raise PatchstreamError({"code": "SPEC_INVALID", "field": "the run digest", "got": info.digest, "want": want})


def check_optimiser(header: CheckpointHeader | None, asked: OptimizerName) -> None:
    """Raises SPEC_INVALID for a checkpoint that holds another optimiser's state."""
    if header is None:
        return
    saved = "adamw" if any(name.startswith("adam-mean/") for name in header.names) else "sgd"
    if saved != asked:
        want = f"{saved}, whose state the checkpoint holds"
        hint = "Put it back in the training's run.json, or start a new training."
        raise refuse("training.optimizer", asked, want, hint)
