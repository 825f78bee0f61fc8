# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""What torchrun starts once a rank: Lightning's trainer with DDP, over a stage change. Writes what it saw."""

import sys
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch

import patchstream
from patchstream.lightning import DataModule
from tests.serving import SMALL_SPEC
from tests.torch.tiny_network import TinyNetwork, mean_loss


class Model(pl.LightningModule):
    """Decides a stage at the end of the second epoch."""

    def __init__(self, data: DataModule) -> None:
        super().__init__()
        self.network = TinyNetwork()
        self.data = data
        self.trained: list[dict[str, Any]] = []
        self.validated: list[dict[str, Any]] = []
        self.from_step: int | None = None

    def training_step(self, batch: Any, _: int) -> torch.Tensor:
        self.trained.append({"step": batch.step, "stage": batch.stage, "image": batch.image})
        return mean_loss(self.network(batch.image), batch.label) * batch.loss_weight

    def on_train_epoch_end(self) -> None:
        if self.current_epoch == 1:
            changed = self.data.change_stage(2 if self.global_rank == 0 else None, hold=True)
            self.from_step = None if changed is None else changed.from_step

    def validation_step(self, batch: Any, _: int) -> None:
        if not self.trainer.sanity_checking:
            self.validated.append({"step": batch.step, "image": batch.image})

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def main(address: str, folder: str, devices: str) -> None:
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=int(devices),
        strategy="ddp" if int(devices) > 1 else "auto",
        max_epochs=6,
        enable_checkpointing=False,
        default_root_dir=folder,
        **quiet,
    )
    with patchstream.connect(address) as client:
        data = DataModule(client.open_run(SMALL_SPEC, credit_batches=2))
        model = Model(data)
        trainer.fit(model, data)
    seen = {"trained": model.trained, "validated": model.validated, "from_step": model.from_step}
    torch.save({**seen, "weights": model.network.state_dict()}, Path(folder) / f"rank-{trainer.global_rank}.pt")


if __name__ == "__main__":
    main(*sys.argv[1:])
