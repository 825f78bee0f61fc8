"""Everything that a training rests on between two steps."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any, cast

import numpy as np

from patchstream.errors import PatchstreamError
from patchstream.trainer.networks.description import NetworkDescription
from patchstream.trainer.run_folder.event_log import ResumePoint
from patchstream.trainer.run_folder.json_lines import to_json
from patchstream.trainer.run_folder.progress import Progress, progress_of
from patchstream.trainer.run_folder.safetensors_file import (
    Header,
    Tensor,
    encode_safetensors,
    read_header,
    read_safetensors,
    verify_safetensors,
)
from patchstream.trainer.run_folder.write_file import replace_files

CHECKPOINT_FILE = "checkpoint.safetensors"
"""The latest: what a training goes on from."""
BEST_FILE = "checkpoint-best.safetensors"
"""Of the epoch with the highest moving average of the pseudo Dice."""

_LOSS_CURVE = "curve/loss"


@dataclass(frozen=True, slots=True)
class CheckpointHeader:
    """What stands at the beginning of a checkpoint's file: all but the numbers. Its JSON is that of every trainer."""

    fields: Mapping[str, Any]
    """As JSON holds them, those that we do not read too."""
    names: Collection[str] = ()
    """Of the numbers in its file."""

    @property
    def step(self) -> int:
        """Steps taken: the next step to take."""
        return self.fields["step"]

    @property
    def digest(self) -> str:
        """Run digest, SHA-256 (hex)."""
        return self.fields["digest"]

    @property
    def progress(self) -> Progress:
        """What validation has shown. Of a checkpoint from before epochs were validated, how many have ended."""
        held = self.fields.get("progress")
        if held is not None:
            return progress_of(held)
        per_epoch, count = self.spec["stepsPerEpoch"], self.spec["epochs"]
        return Progress(sum(floor((epoch + 1) * per_epoch) <= self.step for epoch in range(count)))

    @property
    def resume_point(self) -> ResumePoint:
        """Where a training goes on with it."""
        return ResumePoint(self.step, self.progress.epochs, len(self.fields["decisions"]))

    @property
    def spec(self) -> Mapping[str, Any]:
        """The resolved data spec."""
        return self.fields["spec"]

    @property
    def network(self) -> NetworkDescription:
        """The network. One written before networks had more than one output has the finest alone."""
        network = self.fields["network"]
        return cast(NetworkDescription, {**network, "heads": network.get("heads", [0])})


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint's header and numbers."""

    header: CheckpointHeader
    model: Mapping[str, Tensor]
    """Weights and the optimiser's state, by name."""
    losses: list[float]
    """Loss of each step from 0 on."""


def write_checkpoint(folder: Path, checkpoint: Checkpoint, *, is_best: bool) -> int:
    """Replaces the latest checkpoint, and with `is_best` the best one by the same bytes; the size of a file in bytes.

    Both are written before the first is renamed, the best one: whatever fails, the latest one is whole, and the best
    one at least as good as it says. Raises WRITE_FAILED.
    """
    curve = np.array(checkpoint.losses, np.float64)
    metadata = {"patchstream": to_json(checkpoint.header.fields)}
    pieces = encode_safetensors({**checkpoint.model, _LOSS_CURVE: curve}, metadata)
    names = (BEST_FILE, CHECKPOINT_FILE) if is_best else (CHECKPOINT_FILE,)
    replace_files([(folder / name, pieces) for name in names])
    return sum(len(piece) for piece in pieces)


def read_checkpoint_header(path: Path) -> CheckpointHeader | None:
    """None where there is no checkpoint yet. The numbers are not looked at.

    Raises INPUT_DAMAGED where the header does not parse or the file is not as long as it says.
    """
    try:
        return _header_of(read_header(path), path)
    except FileNotFoundError:
        return None


def verify_checkpoint(path: Path) -> CheckpointHeader | None:
    """The header of a checkpoint, read through and whole. Raises INPUT_DAMAGED: one changed bit is enough."""
    try:
        return _header_of(verify_safetensors(path), path)
    except FileNotFoundError:
        return None


def read_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint at `path`; None where there is none yet. Raises INPUT_DAMAGED for a damaged one."""
    try:
        tensors, header = read_safetensors(path)
    except FileNotFoundError:
        return None
    losses = [float(loss) for loss in tensors.pop(_LOSS_CURVE, np.zeros(0))]
    return Checkpoint(_header_of(header, path), tensors, losses)


def no_checkpoint(training: str, file: Path) -> PatchstreamError:
    """NOT_FOUND for a checkpoint that a training does not have."""
    known: list[str] = []
    facts = {"code": "NOT_FOUND", "name": training, "known": known}
    if file.name == BEST_FILE:
        hint = "It is written when the pseudo Dice rises: without validation there is none. Take the latest."
        return PatchstreamError({**facts, "what": "best checkpoint of training"}, hint)
    hint = "The first is written when the first epoch ends."
    return PatchstreamError({**facts, "what": "checkpoint of training"}, hint)


def _header_of(stored: Header, path: Path) -> CheckpointHeader:
    try:
        fields = json.loads(stored.metadata["patchstream"])
        header = CheckpointHeader(fields, stored.entries.keys())
        _ = header.digest, header.network, header.resume_point
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        facts = {"file": str(path), "reason": "its metadata does not parse"}
        raise PatchstreamError(
            {"code": "INPUT_DAMAGED", **facts, "want": "a checkpoint that patchstream wrote"}
        ) from error
    return header
