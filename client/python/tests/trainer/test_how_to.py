"""docs/how-to/train-on-a-gpu-with-pytorch.md: its commands are run as they stand there."""

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
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
    command(tmp_path / "bin" / "patchstream", f"node '{MAIN}'")
    command(tmp_path / "bin" / "python", f"'{sys.executable}'")
    # Both services may still be starting when `train` asks.
    script = "\n".join(["set -e", *blocks]).replace("--run run.json", "--run run.json --wait 120")
    script = script.replace("trainer --port", "trainer --data-wait 120 --port")
    script = script.replace("7070", str(free_port())).replace("7071", str(free_port()))
    source = os.pathsep.join([str(REPOSITORY / "client" / "python" / "src"), os.environ.get("PYTHONPATH", "")])
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    with (tmp_path / "said").open("w+") as said:
        shell = subprocess.Popen(
            ["bash", "-c", script],
            env={**os.environ, "PYTHONPATH": source, "PATH": path},
            cwd=tmp_path,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            code = shell.wait(400)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
        said.seek(0)
        text = said.read()
    assert code == 0, text
    assert "mean foreground Dice" in text
    [checkpoint] = (tmp_path / "runs").glob("*/checkpoint.safetensors")
    assert checkpoint.stat().st_size > 0


def command(file: Path, program: str) -> None:
    """A command that runs `program` in its own process."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    file.chmod(0o700)
