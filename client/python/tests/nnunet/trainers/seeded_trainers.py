"""What the tests train with: nnU-Net's own trainer and patchstream's, both from the same weights."""

# pyright: basic, reportMissingTypeStubs=false, reportArgumentType=false, reportAttributeAccessIssue=false, reportIncompatibleMethodOverride=false

import os
import signal
import zlib
from time import perf_counter
from typing import Any

import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from patchstream.nnunet.batches import NnunetBatch
from patchstream.nnunet.trainer import nnUNetTrainerPatchStream


class _Timed:
    """nnU-Net's loader, with the time that the trainer waits for it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self.waited_s = 0.0

    def __next__(self) -> Any:
        began = perf_counter()
        batch = next(self._loader)
        self.waited_s += perf_counter() - began
        return batch


class nnUNetTrainerOwnLoader(nnUNetTrainer):
    """nnU-Net with its own loaders."""

    def initialize(self) -> None:
        torch.manual_seed(1)
        self.num_epochs = int(os.environ["EPOCHS"])
        self.num_iterations_per_epoch = int(os.environ["ITERATIONS"])
        self.num_val_iterations_per_epoch = int(os.environ["VAL_ITERATIONS"])
        super().initialize()

    def get_dataloaders(self) -> tuple[Any, Any]:
        train, val = super().get_dataloaders()
        self.loaders = train, val
        return _Timed(train), _Timed(val)

    def on_train_end(self) -> None:
        train, val = self.dataloader_train, self.dataloader_val
        self.print_to_log_file(
            f"Waited for batches: {train.waited_s:.3f} s in training, {val.waited_s:.3f} s in validation"
        )
        self.dataloader_train, self.dataloader_val = self.loaders
        super().on_train_end()


class nnUNetTrainerPatchStreamSeeded(nnUNetTrainerPatchStream):
    """patchstream's trainer; it notes its batches, and dies where it is told to."""

    def initialize(self) -> None:
        torch.manual_seed(1)
        super().initialize()

    def train_step(self, batch: NnunetBatch) -> dict[str, Any]:
        file = os.environ.get("BATCHES")
        if file is not None:
            checksum = zlib.crc32(batch["data"].numpy())
            with open(file, "a") as lines:
                print(batch["step"], batch["stage"], f"{checksum:08x}", file=lines)
        return super().train_step(batch)

    def on_epoch_end(self) -> None:
        super().on_epoch_end()
        if os.environ.get("KILL_AFTER_EPOCH") == str(self.current_epoch - 1):
            os.kill(os.getpid(), signal.SIGKILL)
