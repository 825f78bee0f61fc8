"""nnU-Net's trainer on batches of patchstream: everything but the batches is nnU-Net's."""

# pyright: basic, reportMissingTypeStubs=false, reportIncompatibleMethodOverride=false, reportAttributeAccessIssue=false
# nnU-Net has no types of its own: what is written beside it is checked as far as that goes.

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import torch
import torch.distributed as dist
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

import patchstream
from patchstream.errors import refuse
from patchstream.nnunet.batches import NnunetBatch, NnunetBatches
from patchstream.nnunet.run_spec import NnunetTraining, data_spec
from patchstream.nnunet.settings import Settings, nowhere, read_settings
from patchstream.nnunet.training_record import check_record, write_record
from patchstream.torch.single_voxel_norm import single_voxel_norm


class nnUNetTrainerPatchStream(nnUNetTrainer):
    """Takes its batches from a data server, stage by stage (docs/how-to/train-nnunet.md).

    A step's batch depends on the step alone. So a training that goes on in the middle of a stage goes on in that stage,
    and validation while training has the plan's own patch at every stage.
    """

    dataloader_train: NnunetBatches
    dataloader_val: NnunetBatches

    def initialize(self) -> None:
        """As nnU-Net's, with the settings' epochs, iterations and learning rate."""
        self._settings: Settings = read_settings()
        for name, value in self._settings.trainer.items():
            setattr(self, name, value)
        super().initialize()

    def get_dataloaders(self) -> tuple[NnunetBatches, NnunetBatches]:
        """Opens both timelines of the run at the epoch that comes next."""
        if not self.was_initialized:
            self.initialize()  # nnU-Net 2.5 asks for loaders first
        if self.is_cascaded:
            raise refuse("configuration", self.configuration_name, "one that needs no prediction of another one")
        self._client = self._connect()
        dataset = self._client.describe_dataset().name
        spec = data_spec(self._training(), dataset, self._settings.data)
        train = self._open(spec, "train", self.current_epoch * self.num_iterations_per_epoch)
        val = self._open(spec, "val", self.current_epoch * self.num_val_iterations_per_epoch)
        info = train.run.info
        folder = Path(str(self.output_folder))
        if self.current_epoch > 0:
            check_record(folder, info.digest, spec)
        elif self.local_rank == 0:
            write_record(folder, info.digest, spec)
        self._mirror_as(info.spec)
        self._allow_stages(len(info.train.stages))
        self._stage: int | None = None
        self._epoch_began = perf_counter()
        self._waited_before = 0.0
        self.print_to_log_file(
            f"Batches come from patchstream {self._settings.store or self._settings.servers}: {dataset}, "
            f"{len(info.train.stages)} stages, run {info.digest}, from step {train.run.step} on"
        )
        return train, val

    def on_train_epoch_start(self) -> None:
        """As nnU-Net's; its clock for waiting begins."""
        super().on_train_epoch_start()
        self._epoch_began = perf_counter()
        self._waited_before = self.dataloader_train.waited_s

    def on_train_epoch_end(self, train_outputs: list[dict[str, Any]]) -> None:
        """As nnU-Net's; tells how long the epoch's steps waited for batches."""
        took = perf_counter() - self._epoch_began
        waited = self.dataloader_train.waited_s - self._waited_before
        super().on_train_epoch_end(train_outputs)
        self.print_to_log_file(f"Waited for batches: {waited:.3f} s of {took:.3f} s ({100 * waited / took:.1f} %)")

    def train_step(self, batch: NnunetBatch) -> dict[str, Any]:
        """As nnU-Net's; a bottleneck of one voxel is let through, and a rank's loss weighs as its share does."""
        if batch["stage"] != self._stage:
            self._stage = batch["stage"]
            patch = "x".join(map(str, batch["data"].shape[2:]))
            self.print_to_log_file(f"Stage {self._stage}: patch {patch}, {len(batch['keys'])} samples")
        with single_voxel_norm(), _Weighted(self, batch["loss_weight"]):
            return super().train_step(cast(dict[str, Any], batch))

    def on_train_end(self) -> None:
        """As nnU-Net's; ends the streams, and the server that was started for them."""
        super().on_train_end()
        self.print_to_log_file(
            f"Waited for batches: {self.dataloader_train.waited_s:.3f} s in training, "
            f"{self.dataloader_val.waited_s:.3f} s in validation"
        )
        for batches in (self.dataloader_train, self.dataloader_val):
            batches.run.close()
        self._client.close()

    def save_checkpoint(self, filename: str) -> None:
        """As nnU-Net's, under the name of its own trainer: whoever predicts with it needs no patchstream."""
        own = self.__class__
        self.__class__ = nnUNetTrainer  # nnU-Net writes the name of its object's class
        try:
            nnUNetTrainer.save_checkpoint(self, filename)
        finally:
            self.__class__ = own

    def _connect(self) -> patchstream.DataClient:
        settings = self._settings
        if settings.servers is not None:
            return patchstream.connect(settings.servers, **settings.connect)
        if settings.store is None:
            raise nowhere(str(self.preprocessed_dataset_folder_base))
        if self.is_ddp:
            hint = "Start one with patchstream serve, and name it with PATCHSTREAM_SERVERS."
            raise refuse("PATCHSTREAM_STORE", settings.store, "left out with several GPUs: they share a server", hint)
        return patchstream.local(settings.store)

    def _training(self) -> NnunetTraining:
        train_cases, val_cases = self.do_split()
        configuration = self.configuration_manager
        return NnunetTraining(
            patch_size=configuration.patch_size,
            batch_size=configuration.batch_size,
            strides=configuration.pool_op_kernel_sizes,
            train_cases=sorted(map(str, train_cases)),
            val_cases=sorted(map(str, val_cases)),
            num_epochs=self.num_epochs,
            num_iterations_per_epoch=self.num_iterations_per_epoch,
            num_val_iterations_per_epoch=self.num_val_iterations_per_epoch,
            deep_supervision=self.enable_deep_supervision,
        )

    def _open(self, spec: dict[str, object], timeline: patchstream.Timeline, start_step: int) -> NnunetBatches:
        rank, ranks = (self.local_rank, dist.get_world_size()) if self.is_ddp else (0, 1)
        run = self._client.open_run(spec, timeline=timeline, rank=rank, ranks=ranks, start_step=start_step)
        labels = self.label_manager
        regions: list[Any] | None = list(labels.foreground_regions) if labels.has_regions else None
        if regions is not None and labels.has_ignore_label:
            regions.append(labels.ignore_label)
        return NnunetBatches(
            run,
            deep_supervision=self.enable_deep_supervision,
            regions=regions,
            halves=self.device.type == "cuda",
        )

    def _mirror_as(self, spec: dict[str, Any]) -> None:
        """Prediction mirrors the axes that training mirrors."""
        mirrored = {axis for one in spec["augmentation"] if one["kind"] == "mirror" for axis in one["axes"]}
        self.inference_allowed_mirroring_axes = tuple(sorted(mirrored)) or None

    def _allow_stages(self, stages: int) -> None:
        """torch.compile makes a network for each shape, and by default gives up after 8 of them."""
        if self._do_i_compile():
            config: Any = torch._dynamo.config
            config.cache_size_limit = max(config.cache_size_limit, 4 * stages + 8)


class _Weighted:
    """While it is entered, the trainer's loss is multiplied by a rank's weight."""

    def __init__(self, trainer: nnUNetTrainerPatchStream, weight: float) -> None:
        self._trainer = trainer
        self._weight = weight

    def __enter__(self) -> None:
        self._loss = loss = cast(Callable[[Any, Any], Any], self._trainer.loss)
        if self._weight != 1:
            self._trainer.loss = lambda output, target: self._weight * loss(output, target)

    def __exit__(self, *_: object) -> None:
        self._trainer.loss = self._loss
