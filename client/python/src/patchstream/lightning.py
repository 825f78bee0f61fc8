"""A run as a DataModule for Lightning."""

from collections.abc import Iterator
from typing import Any, Literal, cast

from ._extras import needs_extra

try:
    import lightning.pytorch as pl

    from .torch.convert import to_monai, to_torch
    from .torch.loader import LoaderOptions, PatchLoader, open_loader
except ModuleNotFoundError as missing:
    raise needs_extra("patchstream.lightning", "lightning", missing) from None

from .errors import refuse
from .run import Run, RunState
from .transport.stage_timeline import StageChanged


class DataModule(pl.LightningDataModule):
    """Training and validation batches of a run; an epoch of the trainer is an epoch of the run.

    Every process takes the share that its place in the trainer says. A checkpoint holds one integer and the stage
    decisions: a training goes on from it in the middle of an epoch, or of a stage.
    """

    def __init__(
        self,
        run: Run,
        *,
        val: bool = True,
        batches: Literal["torch", "monai"] = "torch",
        label_channel: bool = False,
        pin: bool | None = None,
        num_workers: int = 0,
    ) -> None:
        """Takes `run` over, a run of the training timeline.

        `val`: validate on the run's `val` timeline, each epoch on batches of its own. `batches`: `torch` for
        `TorchBatch`, `monai` for dictionaries of MetaTensors. The rest is as in `run.torch`.
        """
        super().__init__()
        self.run = run
        self._validates = val and run.info.val.steps > 0
        self._is_monai = batches == "monai"
        self._label_channel = label_channel
        self._options = LoaderOptions(per_epoch=True, pin=pin, num_workers=num_workers)
        self._train: PatchLoader[Any] | None = None
        self._val: _ValidationBatches | None = None

    def setup(self, stage: str) -> None:
        """Takes this process's share of every batch."""
        del stage
        place = self._placed_in.distributed_sampler_kwargs or {"rank": 0, "num_replicas": 1}
        if (self.run.rank, self.run.ranks) != (place["rank"], place["num_replicas"]):
            self.run.take_share(place["rank"], place["num_replicas"])

    def train_dataloader(self) -> PatchLoader[Any]:
        """Goes on where the run is.

        Raises SPEC_INVALID for a trainer that wants more epochs or steps than the run has.
        """
        trainer, described = self._placed_in, self.run.info.train
        epochs, wanted = len(described.epoch_first_steps), trainer.max_epochs
        if trainer.max_steps == -1 and (wanted is None or not 0 <= wanted <= epochs):
            raise refuse("max_epochs", wanted, f"0 to {epochs}, the epochs of the run")
        if trainer.max_steps * trainer.accumulate_grad_batches > described.steps:
            raise refuse("max_steps", trainer.max_steps, f"at most {described.steps}, the steps of the run")
        if self._train is None:
            self._train = self._opened(self.run)
        return self._train

    def val_dataloader(self) -> "_ValidationBatches | list[Any]":
        """The validation batches of the trainer's epoch."""
        if not self._validates:
            return []
        if self._val is None:
            self._val = _ValidationBatches(self._opened(self.run.on("val")), self._placed_in)
        return self._val

    def change_stage(self, stage: int | None, *, reason: str = "", hold: bool = False) -> StageChanged | None:
        """Decides a stage from the first step on that no rank has wanted.

        See `PatchLoader.change_stage`. Every process calls it.
        """
        return self.train_dataloader().change_stage(stage, reason=reason, hold=hold)

    def state_dict(self) -> dict[str, Any]:
        """One integer and the stage decisions."""
        return dict(self.run.state_dict())

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on where `state_dict` was taken. Raises REQUEST_INVALID for the state of another run."""
        self.run.load_state_dict(cast(RunState, state_dict))

    def teardown(self, stage: str) -> None:
        """Ends streams and workers; the next `fit` goes on at the same step."""
        del stage
        for loader in (self._train, self._val):
            if loader is not None:
                loader.close()
        self._train = self._val = None

    @property
    def _placed_in(self) -> pl.Trainer:
        if self.trainer is None:
            raise RuntimeError("the DataModule has no trainer: give it to trainer.fit or trainer.validate")
        return self.trainer

    def _opened(self, run: Run) -> PatchLoader[Any]:
        if self._is_monai:
            return open_loader(run, to_monai, self._options)
        return open_loader(run, lambda run: to_torch(run, label_channel=self._label_channel), self._options)


class _ValidationBatches:
    """Every pass gives the batches of the epoch that the trainer is in."""

    def __init__(self, loader: PatchLoader[Any], trainer: pl.Trainer) -> None:
        self._loader = loader
        self._trainer = trainer

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        run = self._loader.run
        first_steps = run.info.val.epoch_first_steps
        step = first_steps[min(self._trainer.current_epoch, len(first_steps) - 1)]
        if run.step != step:
            run.move_to(step, ())
        yield from self._loader

    def close(self) -> None:
        self._loader.close()
