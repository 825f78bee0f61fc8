"""nnU-Net with its own loader beside patchstream: the same network, seed, epochs and learning rate.

As a program it draws the figure of docs/how-to/train-nnunet.md:

    python -m tests.nnunet.compare_loaders FOLDER docs/pictures/nnunet-losses.svg
"""

# pyright: basic, reportMissingTypeStubs=false

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from tests.nnunet.nnunet import Nnunet, prepare

OWN = "nnUNetTrainerOwnLoader"
OURS = "nnUNetTrainerPatchStreamSeeded"
VALIDATIONS = 4
"""Batches of each epoch."""


@dataclass(frozen=True)
class Training:
    """What one training came to."""

    name: str
    losses: list[float]
    """Of each epoch's steps."""
    val_losses: list[float]
    waited_s: float
    """For batches, in training."""
    trained_s: float


def compare(nnunet: Nnunet, *, epochs: int, iterations: int) -> tuple[Training, Training, Training]:
    """Trains with nnU-Net's own loader, and with patchstream in the modes constant and performance."""
    numbers = {
        "num_epochs": epochs,
        "num_iterations_per_epoch": iterations,
        "num_val_iterations_per_epoch": VALIDATIONS,
    }
    own = {"EPOCHS": str(epochs), "ITERATIONS": str(iterations), "VAL_ITERATIONS": str(VALIDATIONS)}

    def ours(mode: str) -> Training:
        said = nnunet.train(OURS, settings={"data": {"mode": mode}, "trainer": numbers})
        return _read(f"patchstream, {mode}", nnunet.results(OURS), said)

    said = nnunet.train(OWN, settings={}, **own)
    return _read("nnU-Net's own loader", nnunet.results(OWN), said), ours("constant"), ours("performance")


def _read(name: str, folder: Path, said: str) -> Training:
    logged = torch.load(folder / "checkpoint_final.pth", weights_only=False)["logging"]
    waited = re.search(r"Waited for batches: ([\d.]+) s in training", said)
    assert waited is not None
    times = zip(logged["epoch_start_timestamps"], logged["epoch_end_timestamps"], strict=True)
    return Training(
        name=name,
        losses=[float(loss) for loss in logged["train_losses"]],
        val_losses=[float(loss) for loss in logged["val_losses"]],
        waited_s=float(waited[1]),
        trained_s=sum(end - start for start, end in times),
    )


def draw(trainings: tuple[Training, ...], file: Path) -> None:
    """Losses of training and validation by epoch, as SVG."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "patchstream"
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for training in trainings:
        left.plot(training.losses, label=training.name)
        right.plot(training.val_losses, label=training.name)
    left.set(title="training", xlabel="epoch", ylabel="loss")
    right.set(title="validation, full patch", xlabel="epoch")
    right.legend(frameon=False)
    figure.savefig(file, metadata={"Date": None, "Title": "Losses of nnU-Net with its own loader and with patchstream"})


if __name__ == "__main__":
    folder, picture = Path(sys.argv[1]).absolute(), Path(sys.argv[2])
    nnunet = Nnunet(folder) if (folder / "store").is_dir() else prepare(folder)
    compared = compare(nnunet, epochs=15, iterations=6)
    draw(compared, picture)
    for training in compared:
        print(f"{training.name}: waited {training.waited_s:.3f} s of {training.trained_s:.1f} s; {training.losses[-1]}")
