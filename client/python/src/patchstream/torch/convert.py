"""The converters that loaders take, by the name of what they make."""

from collections.abc import Callable
from typing import Any

from ..batch import Batch
from ..run import Run
from .batch import TorchBatch, ToTorch


def to_torch(run: Run, *, label_channel: bool) -> Callable[[Batch], TorchBatch]:
    """Makes `TorchBatch`es of a run's batches."""
    return ToTorch(channels_last=run.info.channels_last, label_channel=label_channel)


def to_monai(run: Run) -> Callable[[Batch], dict[str, Any]]:
    """Makes MONAI's dictionaries of a run's batches. Asks a server where the cases lie in the world."""
    from ..monai import ToMonai

    cases = {case.id: case for case in run.client.describe_dataset().cases}
    return ToMonai(ToTorch(channels_last=run.info.channels_last, label_channel=True), cases)
