"""A network being trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from patchstream.torch.single_voxel_norm import single_voxel_norm
from patchstream.trainer.engine.device import Device
from patchstream.trainer.engine.labels import LabelReading, background_outputs, check_label, read_target
from patchstream.trainer.engine.loss import Loss, loss_weights, segmentation_loss
from patchstream.trainer.engine.optimiser import Optimiser, saved, stored
from patchstream.trainer.engine.ranks import Ranks
from patchstream.trainer.networks.build import build_network, initialise, trained_parameters
from patchstream.trainer.networks.description import NetworkDescription
from patchstream.trainer.run_folder.safetensors_file import Tensor as StoredTensor
from patchstream.trainer.spec import StepSettings


@dataclass(frozen=True, slots=True)
class TrainingBatch:
    """A batch in the engine's terms."""

    image: NDArray[np.float32]
    """(B,C,Z,Y,X)."""
    labels: Sequence[NDArray[np.uint8]]
    """Stored label values (B,Z,Y,X); with deep supervision those of the further outputs too, finest first."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one optimiser step came to. With deep supervision the first three are weighted means over the outputs."""

    loss: float
    cross_entropy: float
    dice: float
    gradient_norm: float
    """L2 norm before clipping."""


@dataclass(frozen=True, slots=True)
class HardCounts:
    """Voxels of one class or region, of all samples of a batch; those that do not count left out."""

    true_positive: int
    false_positive: int
    false_negative: int


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What a network makes of a batch that it is not trained on."""

    loss: float
    counts: Sequence[HardCounts]
    """Of each foreground class, or each region, at the finest output (nnU-Net, `validation_step`)."""


class Model:
    """A network and its optimiser. With several ranks each holds the whole of both, and all do the same update."""

    def __init__(
        self, network: NetworkDescription, reading: LabelReading, *, batch_dice: bool, device: Device, ranks: Ranks
    ) -> None:
        """Holds weights of no meaning until `begin` or `load`."""
        self.network = network
        self._reading = reading
        self._batch_dice = batch_dice
        self._device = device
        self._ranks = ranks
        self._module = build_network(network).to(device.torch)
        self._parameters = trained_parameters(network, self._module)
        self._forward_module: nn.Module = device.compiled(self._module)
        self._optimiser = Optimiser(self._parameters)

    @property
    def parameter_count(self) -> int:
        """Weights to train."""
        return sum(parameter.numel() for parameter in self._parameters.values())

    def begin(self, seed: int) -> None:
        """Fresh weights, the same in every trainer."""
        initialise(self.network, self._parameters, seed)

    def step(self, batch: TrainingBatch, settings: StepSettings) -> StepResult:
        """One optimiser step: forward, loss, backward, clip, update."""
        self._module.train()
        self._optimiser.prepare(settings)
        with single_voxel_norm():
            _, loss = self._loss(batch)
            torch.autograd.backward(loss.loss)
        parameters = [one for one in self._parameters.values() if one.grad is not None]
        self._ranks.add_up([cast(Tensor, one.grad) for one in parameters])
        norm = clip_grad_norm_(parameters, settings.gradient_clip)
        self._optimiser.step()
        return StepResult(_number(loss.loss), _number(loss.cross_entropy), _number(loss.dice), _number(norm))

    def validate(self, batch: TrainingBatch) -> ValidationResult:
        """Forward pass and loss alone: nothing of the model changes."""
        self._module.eval()
        with torch.no_grad(), single_voxel_norm():
            logits, loss = self._loss(batch)
            counts = self._hard_counts(logits, self._on_device(batch.labels[0]))
        return ValidationResult(_number(loss.loss), counts)

    def predict(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (B,K,Z,Y,X) of the finest output for images (B,C,Z,Y,X)."""
        self._module.eval()
        with torch.no_grad(), single_voxel_norm():
            return self._logits(image)[0].float().cpu().numpy()

    def save(self) -> dict[str, StoredTensor]:
        """A copy of weights (`weight/...`) and the optimiser's state (`momentum/...`, or AdamW's)."""
        weights = {f"weight/{name}": stored(parameter) for name, parameter in self._parameters.items()}
        return {**weights, **self._optimiser.save()}

    def load(self, state: Mapping[str, StoredTensor]) -> None:
        """Takes over a state that `save` of any trainer gave. Raises SPEC_INVALID for one of another network."""
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(saved(state, f"weight/{name}", parameter))
        self._optimiser.load(state)

    def _loss(self, batch: TrainingBatch) -> tuple[Tensor, Loss]:
        """Logits of the finest output, and the weighted loss."""
        heads = len(self.network["heads"]) if len(batch.labels) > 1 else 1
        weights = loss_weights(heads)
        for index, label in enumerate(batch.labels):
            check_label("label" if index == 0 else f"deepLabels[{index - 1}]", label, self._reading)
        outputs = self._logits(batch.image)
        losses = [
            segmentation_loss(
                outputs[index],
                self._on_device(batch.labels[index]),
                self._reading,
                batch_dice=self._batch_dice,
                over_ranks=self._ranks.total,
            )
            for index in range(len(weights))
        ]

        def mean(values: Sequence[Tensor]) -> Tensor:
            return torch.stack([weight * value for weight, value in zip(weights, values, strict=True)]).sum()

        entropy, dice = mean([one.cross_entropy for one in losses]), mean([one.dice for one in losses])
        return outputs[0], Loss(mean([one.loss for one in losses]), entropy, dice)

    def _logits(self, image: NDArray[np.float32]) -> Sequence[Tensor]:
        with self._device.autocast():
            outputs: Tensor | Sequence[Tensor] = self._forward_module(self._on_device(image))
        return [outputs] if isinstance(outputs, Tensor) else outputs

    def _on_device(self, values: NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(self._device.torch)  # pyright: ignore[reportUnknownMemberType]

    def _hard_counts(self, logits: Tensor, label: Tensor) -> list[HardCounts]:
        first = background_outputs(self._reading)
        target = read_target(label.flatten(1), self._reading)
        flat = logits.flatten(2)
        if self._reading.regions is None:
            every = torch.arange(self._reading.outputs, device=flat.device).view(1, -1, 1)
            predicted = (flat.argmax(1, keepdim=True) == every).float()
        else:
            predicted = (torch.sigmoid(flat) > 0.5).float()
        predicted = (predicted * target.counts)[:, first:]
        truth = target.truth[:, first:]
        both = (predicted * truth).sum((0, 2), dtype=torch.float64)
        of_predicted, of_truth = (part.sum((0, 2), dtype=torch.float64) for part in (predicted, truth))
        every = self._ranks.total(torch.stack([both, of_predicted - both, of_truth - both], 1))
        return [HardCounts(int(row[0]), int(row[1]), int(row[2])) for row in every]


def _number(scalar: Tensor) -> float:
    return float(scalar.detach())
