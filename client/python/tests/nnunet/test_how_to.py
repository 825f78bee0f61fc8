"""docs/how-to/train-nnunet.md: its commands are run as they stand there."""

# pyright: basic, reportMissingTypeStubs=false

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("nnunetv2")

from tests.nnunet.nnunet import DATASET, Nnunet
from tests.serving import REPOSITORY, SAMPLE_DATA

pytestmark = pytest.mark.torch

PAGE = REPOSITORY / "docs" / "how-to" / "train-nnunet.md"


CONSOLE = "import sys; from patchstream.server.command_line import main; sys.exit(main())"
"""The console script, which is only there where the package is installed."""


def test_the_pages_commands_lead_from_images_to_predictions(tmp_path: Path) -> None:
    raw = tmp_path / "nnUNet_raw" / DATASET
    shutil.copytree(SAMPLE_DATA, raw)
    (raw / "imagesTs").mkdir()
    shutil.copy(next((raw / "imagesTr").glob("*_060_*")), raw / "imagesTs")
    few = {"num_epochs": 15, "num_iterations_per_epoch": 1, "num_val_iterations_per_epoch": 1}
    (tmp_path / "few.json").write_text(json.dumps({"trainer": few}))
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    preprocess, *rest = [block.replace("nnUNetv2_train", "nnUNetv2_train -device cpu") for block in blocks]
    assert len(rest) == 4
    commands = [
        "set -e",
        f"patchstream() {{ '{sys.executable}' -c '{CONSOLE}' \"$@\"; }}",
        preprocess.replace("-c 3d_fullres", "-c 3d_fullres -np 1 -npfp 1"),
        f'"{sys.executable}" -c "from pathlib import Path; from tests.nnunet.nnunet import shrink_network; '
        f"shrink_network(Path('nnUNet_preprocessed/{DATASET}'))\"",
        *rest,
    ]
    script = "\n".join(commands).replace("nnUNetv2_predict", "nnUNetv2_predict -device cpu -npp 1 -nps 1")
    made = Nnunet(tmp_path)
    sources = f"{REPOSITORY}/client/python/src:{REPOSITORY}/client/python"
    environment = {"PATCHSTREAM_NNUNET": str(tmp_path / "few.json"), "PYTHONPATH": sources}
    said = made.run("bash", "-c", script, environment=environment)
    assert "Stage 0: patch 8x8x8, 350 samples" in said
    assert "Stage 14: patch 40x56x40, 2 samples" in said
    assert [file.name for file in (tmp_path / "predictions").glob("*.nii.gz")] == ["hippocampus_060.nii.gz"]
