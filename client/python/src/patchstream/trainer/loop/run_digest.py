"""Whether a checkpoint is of a run."""

from patchstream.errors import PatchstreamError
from patchstream.run_info import RunInfo
from patchstream.trainer.run_folder.checkpoint import CheckpointHeader


def check_digest(header: CheckpointHeader | None, info: RunInfo) -> None:
    """Raises SPEC_INVALID for a checkpoint of another run."""
    if header is not None and header.digest != info.digest:
        want = f"that of the run in the checkpoint, {header.digest}"
        raise PatchstreamError({"code": "SPEC_INVALID", "field": "the run digest", "got": info.digest, "want": want})
