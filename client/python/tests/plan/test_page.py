"""The program of docs/how-to/verify-a-batch-from-python.md runs as it stands there."""

import os
import subprocess
import sys
from pathlib import Path

from tests.page_program import page_program
from tests.serving import REPOSITORY, Server


def test_the_pages_program_verifies_batches_of_the_sample(sample_server: Server, tmp_path: Path):
    file = tmp_path / "verify.py"
    file.write_text(page_program("docs/how-to/verify-a-batch-from-python.md"), encoding="utf8")
    command = [sys.executable, str(file), sample_server.address]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "client" / "python" / "src")}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    heads = [line.split(":")[0] for line in ran.stdout.splitlines()[::2]]
    assert heads == ["step 0, stage 0", "step 100000, stage 6", "step 249999, stage 14"]
