"""The program of docs/how-to/verify-a-batch-from-python.md runs as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.serving import REPOSITORY, Server

PAGE = REPOSITORY / "docs" / "how-to" / "verify-a-batch-from-python.md"


def test_the_pages_program_verifies_batches_of_the_sample(sample_server: Server, tmp_path: Path):
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf8"), re.DOTALL)
    file = tmp_path / "verify.py"
    file.write_text(program, encoding="utf8")
    command = [sys.executable, str(file), sample_server.address]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "client" / "python" / "src")}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    heads = [line.split(":")[0] for line in ran.stdout.splitlines()[::2]]
    assert heads == ["step 0, stage 0", "step 100000, stage 6", "step 249999, stage 14"]
