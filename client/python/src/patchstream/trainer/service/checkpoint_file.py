"""Which of a training's checkpoints a request asks for."""

from pathlib import Path
from typing import TypeAlias

from patchstream.errors import refuse_request
from patchstream.trainer.run_folder.checkpoint import BEST_FILE, CHECKPOINT_FILE
from patchstream.v1 import trainer_pb2 as wire

_FILES = {wire.CHECKPOINT_KIND_LATEST: CHECKPOINT_FILE, wire.CHECKPOINT_KIND_BEST: BEST_FILE}


Asked: TypeAlias = wire.GetCheckpointRequest | wire.DescribeModelRequest | wire.PredictCase | wire.PredictImage


def checkpoint_file(folder: Path, asked: Asked) -> Path:
    """Where the checkpoint lies that is asked for: the latest unless said. Raises REQUEST_INVALID for another kind."""
    kind = asked.checkpoint if asked.HasField("checkpoint") else wire.CHECKPOINT_KIND_LATEST
    name = _FILES.get(kind)
    if name is None:
        raise refuse_request("checkpoint", int(kind), "CHECKPOINT_KIND_LATEST or CHECKPOINT_KIND_BEST")
    return folder / name
