# pyright: basic
"""The programs of the how-to pages run as they stand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tests.page_program import page_program
from tests.serving import Server

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("page", "needs", "said"),
    [
        ("train-in-pytorch", "torch", "step 13  stage 6  patch (16, 16, 16)"),
        ("train-with-monai", "monai", "step 13"),
        ("train-with-lightning", "lightning", "the run is at step 14"),
    ],
)
def test_the_program_of_a_page_runs(sample_server: Server, tmp_path: Path, page: str, needs: str, said: str) -> None:
    pytest.importorskip(needs)
    program = page_program(f"docs/how-to/{page}.md")
    file = tmp_path / "program.py"
    file.write_text(program.replace("localhost:7070", sample_server.address))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run(
        [sys.executable, str(file)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
