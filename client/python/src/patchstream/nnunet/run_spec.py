"""The run spec of a training that nnU-Net has planned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from patchstream.errors import refuse
from patchstream.nnunet.settings import DEFAULT_MODE


@dataclass(frozen=True)
class NnunetTraining:
    """What nnU-Net decides of a training, in its own words."""

    patch_size: Sequence[int]
    """(Z,Y,X)."""
    batch_size: int
    strides: Sequence[Sequence[int]]
    """`pool_op_kernel_sizes`, one entry a level."""
    train_cases: Sequence[str]
    val_cases: Sequence[str]
    num_epochs: int
    num_iterations_per_epoch: int
    num_val_iterations_per_epoch: int
    deep_supervision: bool


def data_spec(training: NnunetTraining, dataset: str, given: Mapping[str, object]) -> dict[str, object]:
    """The `data` part of the run spec: what nnU-Net decides, and the fields of a user's settings.

    `dataset` is the name that the servers have for it. Throws SPEC_INVALID for a field that nnU-Net's trainer does not
    read.
    """
    if len(training.patch_size) != 3:
        raise refuse("configuration", list(training.patch_size), "one with a patch of three axes")
    wire, plan = _object(given, "wire"), _object(given, "plan")
    if wire.get("layout", "channels-first") != "channels-first":
        raise refuse("data.wire.layout", wire["layout"], '"channels-first", which nnU-Net reads')
    own_plan = {
        "patchSize": [int(size) for size in training.patch_size],
        "batchSize": int(training.batch_size),
        "strides": [[int(stride) for stride in level] for level in training.strides],
    }
    mode = {} if "stages" in given else {"mode": DEFAULT_MODE}
    return {
        **mode,
        **given,
        "dataset": dataset,
        "plan": {**own_plan, **plan},
        "split": {"train": list(training.train_cases), "val": list(training.val_cases)},
        "epochs": training.num_epochs,
        "stepsPerEpoch": training.num_iterations_per_epoch,
        "valSteps": training.num_val_iterations_per_epoch,
        "deepSupervision": training.deep_supervision,
    }


def _object(given: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = given.get(name, {})
    if not isinstance(value, dict):
        raise refuse(f"data.{name}", value, "an object")
    return cast(Mapping[str, object], value)
