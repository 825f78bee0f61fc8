"""Programs with several ranks on this machine."""

import os
import subprocess
import sys
from pathlib import Path

PYTHON_FOLDER = Path(__file__).parents[2]


def torchrun(ranks: int, program: str, *arguments: str) -> None:
    """Runs a module once a rank, on a free port."""
    path = os.pathsep.join([str(PYTHON_FOLDER / "src"), str(PYTHON_FOLDER)])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        f"--nproc-per-node={ranks}",
        "-m",
        program,
    ]
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
