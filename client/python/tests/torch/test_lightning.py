# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""A run as Lightning's data: epochs, validation, and a resume in the middle of a stage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pl = pytest.importorskip("lightning.pytorch")

import patchstream  # noqa: E402
from patchstream import DataClient, PatchstreamError  # noqa: E402
from patchstream.lightning import DataModule  # noqa: E402
from tests.serving import SMALL_SPEC, Server  # noqa: E402
from tests.torch.tiny_network import TinyNetwork, mean_loss  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("default"),  # Lightning's own code warns
]


@pytest.fixture(scope="module")
def client(sample_server: Server) -> Iterator[DataClient]:
    with patchstream.connect(sample_server.address) as client:
        yield client


class Model(pl.LightningModule):
    """Writes down what it is given."""

    def __init__(self, stop_at: int | None = None) -> None:
        super().__init__()
        self.network = TinyNetwork()
        self.stop_at = stop_at
        self.trained: list[tuple[int, int, int]] = []
        self.validated: list[tuple[int, int]] = []

    def training_step(self, batch: Any, _: int) -> torch.Tensor:
        self.trained.append((self.current_epoch, batch.step, batch.checksum))
        return mean_loss(self.network(batch.image), batch.label) * batch.loss_weight

    def on_train_batch_end(self, _: Any, batch: Any, __: int) -> None:
        if batch.step == self.stop_at:
            self.trainer.save_checkpoint(Path(self.trainer.default_root_dir) / "middle.ckpt")
            self.trainer.should_stop = True

    def validation_step(self, batch: Any, _: int) -> None:
        if not self.trainer.sanity_checking:
            self.validated.append((self.current_epoch, batch.step))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def trainer_in(folder: Path, **options: Any) -> Any:
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    return pl.Trainer(
        accelerator="cpu", devices=1, default_root_dir=folder, enable_checkpointing=False, **quiet, **options
    )


@pytest.fixture(scope="module")
def undisturbed(client: DataClient, tmp_path_factory: pytest.TempPathFactory) -> Model:
    model, data = Model(), DataModule(client.open_run(SMALL_SPEC))
    trainer_in(tmp_path_factory.mktemp("whole"), max_epochs=6).fit(model, data)
    return model


def test_an_epoch_of_the_trainer_is_an_epoch_of_the_run(client: DataClient, undisturbed: Model) -> None:
    with client.open_run(SMALL_SPEC) as run:
        assert undisturbed.trained == [(batch.step // 4, batch.step, batch.checksum) for batch in run]
    assert undisturbed.validated == [(step // 3, step) for step in range(18)]


def test_a_checkpoint_in_the_middle_of_a_stage_goes_on_with_the_same_batches_and_weights(
    client: DataClient, undisturbed: Model, tmp_path: Path
) -> None:
    first = Model(stop_at=9)
    trainer_in(tmp_path, max_epochs=6, min_steps=1).fit(first, DataModule(client.open_run(SMALL_SPEC)))
    checkpoint = torch.load(tmp_path / "middle.ckpt", weights_only=True)
    assert checkpoint["DataModule"]["step"] == 10
    resumed, data = Model(), DataModule(client.open_run(SMALL_SPEC))
    trainer_in(tmp_path, max_epochs=6).fit(resumed, data, ckpt_path=tmp_path / "middle.ckpt")
    steps = first.trained[:10] + resumed.trained
    assert steps == undisturbed.trained
    for mine, theirs in zip(resumed.parameters(), undisturbed.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_decided_stage_is_in_the_checkpoint(client: DataClient, tmp_path: Path) -> None:
    data = DataModule(client.open_run(SMALL_SPEC, credit_batches=1), val=False)

    class Steered(Model):
        def on_train_epoch_end(self) -> None:
            if self.current_epoch == 0:
                data.change_stage(2, hold=True)

    model = Steered(stop_at=9)
    trainer_in(tmp_path, max_epochs=6, min_steps=1).fit(model, data)
    resumed = DataModule(client.open_run(SMALL_SPEC), val=False)
    checkpoint = torch.load(tmp_path / "middle.ckpt", weights_only=True)
    resumed.load_state_dict(checkpoint["DataModule"])
    assert [resumed.run.stage_of(step) for step in (3, 5, 10)] == [0, 2, 2]
    assert next(resumed.run).patch_size == (40, 56, 40)


def test_more_epochs_than_the_run_has_are_refused(client: DataClient, tmp_path: Path) -> None:
    with pytest.raises(PatchstreamError, match="max_epochs is 7; it must be 0 to 6"):
        trainer_in(tmp_path, max_epochs=7).fit(Model(), DataModule(client.open_run(SMALL_SPEC)))
