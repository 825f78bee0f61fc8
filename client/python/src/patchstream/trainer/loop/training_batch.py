"""A batch from the wire in the engine's terms."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from patchstream.batch import Batch
from patchstream.errors import PatchstreamError
from patchstream.trainer.engine.labels import label_bytes
from patchstream.trainer.engine.model import TrainingBatch

Number = TypeVar("Number", bound=np.generic)


def training_batch(batch: Batch) -> TrainingBatch:
    """May be a view on the batch's own bytes. The client has held its sizes against those of its stage."""
    image = _writable(batch.image_values())
    return TrainingBatch(image, [_writable(label_bytes(label)) for label in (batch.label, *batch.deep_labels)])


def check_decided(batch: Batch, decided: int) -> None:
    """Raises INTERNAL unless a batch came for the stage that is decided for its step."""
    if batch.stage != decided:
        reason = f"it came cut for stage {batch.stage}; its stage is {decided}"
        raise PatchstreamError({"code": "INTERNAL", "where": f"step {batch.step}", "reason": reason})


def _writable(values: NDArray[Number]) -> NDArray[Number]:
    """PyTorch warns of tensors over memory that must not be written; nobody writes there."""
    return values if values.flags.writeable else np.array(values)
