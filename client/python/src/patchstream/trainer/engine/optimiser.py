"""What weights are changed by: nnU-Net's SGD with Nesterov momentum, or AdamW, with states that all trainers read."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from patchstream.errors import refuse
from patchstream.trainer.run_folder.safetensors_file import Tensor as StoredTensor
from patchstream.trainer.spec import OptimizerName, StepSettings

_STATES: Mapping[OptimizerName, Mapping[str, str]] = {
    "sgd": {"momentum": "momentum_buffer"},
    "adamw": {"adam-mean": "exp_avg", "adam-square": "exp_avg_sq"},
}
"""What saved tensors beside each weight begin with, and what PyTorch calls them."""
_STEPS = "adam-steps"
"""AdamW's count of steps in a saved state, a scalar."""


class Optimiser:
    """Over the parameters of a network, in their order."""

    def __init__(self, parameters: Mapping[str, nn.Parameter]) -> None:
        """No step taken yet."""
        self._parameters = parameters
        self._name: OptimizerName = "sgd"
        self._torch = self._made("sgd")

    def prepare(self, settings: StepSettings) -> None:
        """Takes up the settings of the next step. Another optimiser than the last step's begins anew."""
        if settings.optimizer != self._name:
            self._name, self._torch = settings.optimizer, self._made(settings.optimizer)
        self._torch.zero_grad(set_to_none=True)
        group = self._torch.param_groups[0]
        group["lr"], group["weight_decay"] = settings.learning_rate, settings.weight_decay
        if self._name == "sgd":
            group["momentum"], group["nesterov"] = settings.momentum, settings.momentum > 0

    def step(self) -> None:
        """Of the parameters that have a gradient; the others stay as they are."""
        self._torch.step()  # pyright: ignore[reportUnknownMemberType]

    def save(self) -> dict[str, StoredTensor]:
        """A copy, by names that begin with those of `_STATES`."""
        state: dict[str, StoredTensor] = {}
        steps = 0.0
        for name, parameter in self._parameters.items():
            held = self._state_of(parameter)
            for kind, theirs in _STATES[self._name].items():
                state[f"{kind}/{name}"] = stored(held.get(theirs, torch.zeros_like(parameter)))
            steps = max(steps, float(held.get("step", 0)))
        if self._name == "adamw":
            state[_STEPS] = np.array(steps, np.float32)
        return state

    def load(self, state: Mapping[str, StoredTensor]) -> None:
        """Takes over a state that `save` of any trainer gave. Raises SPEC_INVALID for one of another network."""
        self._name = "adamw" if _STEPS in state else "sgd"
        self._torch = self._made(self._name)
        for name, parameter in self._parameters.items():
            held = self._state_of(parameter)
            for kind, theirs in _STATES[self._name].items():
                held[theirs] = saved(state, f"{kind}/{name}", parameter)
            if self._name == "adamw":
                held["step"] = torch.tensor(float(state[_STEPS]))

    def _made(self, name: OptimizerName) -> torch.optim.Optimizer:
        parameters = list(self._parameters.values())
        return torch.optim.SGD(parameters, lr=0.0) if name == "sgd" else torch.optim.AdamW(parameters, lr=0.0)

    def _state_of(self, parameter: nn.Parameter) -> dict[str, Any]:
        return self._torch.state[parameter]


def stored(tensor: Tensor) -> StoredTensor:
    """A copy in memory of its own."""
    return np.array(tensor.detach().float().cpu().numpy(), np.float32)


def saved(state: Mapping[str, StoredTensor], field: str, parameter: Tensor) -> Tensor:
    """A copy of a saved tensor, where `parameter` lies. Raises SPEC_INVALID for one that is missing or another's."""
    found = state.get(field)
    shape = tuple(parameter.shape)
    if found is None or found.shape != shape:
        got = "missing" if found is None else list(found.shape)
        want = f"of shape {'x'.join(map(str, shape))}"
        raise refuse(field, got, want, "The saved model belongs to another network.")
    values = torch.from_numpy(np.array(found, np.float32))  # pyright: ignore[reportUnknownMemberType]
    return values.to(parameter.device)
