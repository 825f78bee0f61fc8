"""What computes: a CPU or a GPU with CUDA."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal, cast, get_args

import torch
from torch import nn

from patchstream.errors import PatchstreamError
from patchstream.trainer.engine.device_options import DeviceOptions

EngineName = Literal["torch-cuda", "torch"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
"""In the order in which "auto" tries them."""


@dataclass(frozen=True, slots=True)
class Device:
    """Where a model lies, and how it computes there."""

    name: EngineName
    torch: torch.device
    is_mixed: bool
    """Forward passes in bfloat16 where PyTorch holds that to be safe; weights and the loss stay float32."""
    is_compiled: bool
    """By torch.compile, once for each size of a batch."""

    def autocast(self) -> AbstractContextManager[object]:
        """What a forward pass runs in."""
        return torch.autocast(self.torch.type, torch.bfloat16) if self.is_mixed else nullcontext()

    def compiled(self, module: nn.Module) -> nn.Module:
        """What runs a module's forward passes."""
        return cast(nn.Module, torch.compile(module, dynamic=False)) if self.is_compiled else module


def gpu_bytes(device: Device) -> int | None:
    """Memory of the GPU; None for a CPU."""
    return torch.cuda.mem_get_info(device.torch)[1] if device.torch.type == "cuda" else None


def open_device(name: str, options: DeviceOptions) -> Device:
    """The GPU of a rank is that of its number on its machine. Raises ENGINE_MISSING where there is no such device."""
    torch.set_num_threads(options.threads)
    if name == "auto":
        name = "torch-cuda" if torch.cuda.is_available() else "torch"
    if name == "torch":
        return Device("torch", torch.device("cpu"), is_mixed=False, is_compiled=False)
    if not torch.cuda.is_available():
        facts = {"code": "ENGINE_MISSING", "engine": name, "reason": "PyTorch finds no GPU with CUDA"}
        raise PatchstreamError(facts)
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    torch.cuda.set_device(device)
    is_mixed = not options.full_precision and torch.cuda.is_bf16_supported(including_emulation=False)
    return Device("torch-cuda", device, is_mixed, options.compile)
