"""nnU-Net as a user runs it: its commands, in processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from patchstream.nnunet.import_folder import import_folder
from tests.serving import REPOSITORY, SAMPLE_DATA

DATASET = "Dataset004_Hippocampus"
COMMAND = ["node", str(REPOSITORY / "dist" / "cli" / "main.js")]
TRAINERS = Path(__file__).parent / "trainers"
FEATURES = [4, 8, 16, 32]
"""Of each level: a CPU can train them."""


@dataclass(frozen=True)
class Nnunet:
    """nnU-Net's folders below one, and what is made of them."""

    folder: Path

    @property
    def preprocessed(self) -> Path:
        """The data set's preprocessed folder."""
        return self.folder / "nnUNet_preprocessed" / DATASET

    @property
    def store(self) -> Path:
        """The store that it was imported into."""
        return self.folder / "store"

    @property
    def environment(self) -> dict[str, str]:
        """Of its commands."""
        places = [str(Path(sys.executable).parent), os.environ["PATH"]]
        sources = REPOSITORY / "client" / "python" / "src"
        return {
            **os.environ,
            **{name: str(self.folder / name) for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results")},
            "PATH": os.pathsep.join(places),
            "PYTHONPATH": str(sources),
            "nnUNet_extTrainer": str(TRAINERS),
            "nnUNet_n_proc_DA": "1",
            "nnUNet_def_n_proc": "1",
            "OMP_NUM_THREADS": "1",
        }

    def run(self, *command: str, environment: Mapping[str, str] | None = None) -> str:
        """Runs a command to its end; what it says, on either output. Raises with all of it where it fails."""
        done = subprocess.run(
            command,
            env=self.environment | dict(environment or {}),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def train(self, trainer: str, *flags: str, settings: Mapping[str, object], **environment: str) -> str:
        """`nnUNetv2_train 4 3d_fullres 0 -tr TRAINER` on the CPU, anew unless with `--c`; what it says."""
        if "--c" not in flags:
            shutil.rmtree(self.results(trainer), ignore_errors=True)  # nnU-Net would go on from an old final checkpoint
        file = self.folder / "settings.json"
        file.write_text(json.dumps({"store": str(self.store), **settings}))
        arguments = ("-device", "cpu", "4", "3d_fullres", "0", "-tr", trainer, *flags)
        return self.run("nnUNetv2_train", *arguments, environment={"PATCHSTREAM_NNUNET": str(file), **environment})

    def results(self, trainer: str) -> Path:
        """Where a training of fold 0 leaves its files."""
        return self.folder / "nnUNet_results" / DATASET / f"{trainer}__nnUNetPlans__3d_fullres" / "fold_0"


def prepare(folder: Path) -> Nnunet:
    """Preprocesses the sample by nnU-Net's own command, with a small network in its plans, and imports it."""
    made = Nnunet(folder)
    raw = folder / "nnUNet_raw" / DATASET
    shutil.copytree(SAMPLE_DATA, raw)
    made.run("nnUNetv2_plan_and_preprocess", "-d", "4", "-c", "3d_fullres", "-np", "1", "-npfp", "1")
    shrink_network(made.preprocessed)
    import_folder(made.preprocessed, made.store, command=COMMAND)
    return made


def shrink_network(preprocessed: Path) -> None:
    """Gives the planned network few features."""
    file = preprocessed / "nnUNetPlans.json"
    plans = json.loads(file.read_text())
    plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"]["features_per_stage"] = FEATURES
    file.write_text(json.dumps(plans))
