"""What trainings and predictions are estimated to take of memory, in bytes."""

from collections.abc import Sequence
from math import prod

from patchstream.run_info import RunInfo, RunTimeline
from patchstream.trainer.networks.cost import network_cost
from patchstream.trainer.networks.description import NetworkDescription, Size
from patchstream.trainer.spec import OptimizerName

_PROCESS_BYTES = 1 << 30
"""Of a process before it has a network: Python, PyTorch and the client; on a GPU what CUDA itself takes."""
_AHEAD_BATCHES, _AHEAD_BYTES = 8, 256 << 20
"""What a run wants ahead of the batch that is trained on, at most."""
_VALIDATION_AHEAD = 4
_COPIES = 2
"""A batch, and its image where the network takes it, while a step is taken on it."""
_AT_WORK = 4
"""Layers' outputs that live beside those kept: gradients, and what a kernel needs."""
_LOSS_VALUES = 8
"""Of each logit: probabilities, targets, and their gradients."""
_STATES = {"sgd": 1, "adamw": 2}
"""Values that an optimiser holds for each weight."""
_HELD_SLABS = 3
"""Sums in work, planes that are finished, and their share of a mean."""
_FLOAT_BYTES = 4


def training_bytes(network: NetworkDescription, info: RunInfo, optimiser: OptimizerName) -> int:
    """What a rank of a training takes at its largest stage: its process, the batches on their way, and a step."""
    parameters = network_cost(network, info.train.stages[-1].patch_size).parameters
    weights = parameters * (2 + _STATES[optimiser])  # And their gradients.
    steps = [
        max(share.samples for share in stage.shares) * _step_values(network, stage.patch_size)
        for stage in info.train.stages
    ]
    batches = _batches_bytes(info.train, _AHEAD_BATCHES)
    if info.val.steps > 0:
        batches += _batches_bytes(info.val, _VALIDATION_AHEAD)
    return _PROCESS_BYTES + batches + _FLOAT_BYTES * (weights + max(steps))


def prediction_bytes(
    networks: Sequence[NetworkDescription],
    *,
    patch_size: Size,
    batch_size: int,
    stored: Sequence[int],
    original: Sequence[int],
) -> int:
    """What labelling an image with networks, one after the other, takes.

    Its sizes (Z,Y,X) are as it is stored and on the grid of its label.
    """
    costs = [network_cost(network, patch_size) for network in networks]
    # Skips are the most that a forward pass holds at a time beside what it is at: less than all that it makes.
    forward = batch_size * max(cost.kept // 4 + _AT_WORK * cost.largest for cost in costs)
    # The image, and of each network the logits of as many planes as a window has, with their weights.
    planes = min(stored[0], patch_size[0]) * stored[1] * stored[2]
    slabs = _HELD_SLABS * len(networks) * (networks[0]["classes"] + 1) * planes
    on_stored = networks[0]["inputChannels"] * prod(stored) + slabs
    parameters = sum(cost.parameters for cost in costs) + max(cost.parameters for cost in costs)
    # The label as it is turned, as it is sent, and as bytes.
    on_original = 3 * prod(original)
    return _PROCESS_BYTES + _FLOAT_BYTES * (parameters + forward + on_stored) + on_original


def _step_values(network: NetworkDescription, patch_size: Size) -> int:
    """Of one sample."""
    cost = network_cost(network, patch_size)
    return cost.kept + _AT_WORK * cost.largest + _LOSS_VALUES * network["classes"] * prod(patch_size)


def _batches_bytes(timeline: RunTimeline, ahead: int) -> int:
    """Batches on their way, and the one that is trained on."""
    largest = max((share.byte_length for stage in timeline.stages for share in stage.shares), default=0)
    return min(ahead * largest, max(_AHEAD_BYTES, largest)) + _COPIES * largest
