"""docs/how-to/train-on-a-gpu-with-pytorch.md: its commands are run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.free_port import free_port
from tests.serving import REPOSITORY

pytestmark = pytest.mark.torch

PAGE = REPOSITORY / "docs" / "how-to" / "train-on-a-gpu-with-pytorch.md"
MAIN = REPOSITORY / "dist" / "cli" / "main.js"


def test_the_pages_commands_train(tmp_path: Path) -> None:
    _install, *blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 2
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    data, trainer = free_port(), free_port()
    script = "\n".join(
        [
            "set -e",
            "trap 'kill $(jobs -p)' EXIT",
            f"patchstream() {{ node '{MAIN}' \"$@\"; }}",
            f"python() {{ '{sys.executable}' \"$@\"; }}",
            *blocks,
        ]
    )
    # Both may still be starting when `train` asks.
    script = script.replace("--run run.json", "--run run.json --wait 120").replace(
        "patchstream.trainer --port", "patchstream.trainer --data-wait 120 --port"
    )
    script = script.replace("7070", str(data)).replace("7071", str(trainer))
    path = os.pathsep.join([str(REPOSITORY / "client" / "python" / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
        start_new_session=True,
    )
    assert done.returncode == 0, done.stderr
    assert "mean foreground Dice" in done.stdout
    [checkpoint] = (tmp_path / "runs").glob("*/checkpoint.safetensors")
    assert checkpoint.stat().st_size > 0
