"""The program of docs/how-to/numpy-from-python.md, as a reader runs it."""

import subprocess
import sys
from pathlib import Path

from tests.page_program import page_program
from tests.serving import REPOSITORY, Server


def test_the_program_of_the_page_reads_changes_the_stage_and_resumes(sample_server: Server, tmp_path: Path) -> None:
    file = tmp_path / "read.py"
    file.write_text(page_program("docs/how-to/numpy-from-python.md"), encoding="utf8")
    environment = {"PYTHONPATH": str(REPOSITORY / "client" / "python" / "src")}
    command = [sys.executable, str(file), sample_server.address]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.splitlines()
    assert lines[0].startswith("step 0  stage 0  image (350, 1, 8, 8, 8)  labels")
    assert lines[3] == "stage 3 from step 11"
    assert lines[12].startswith("step 11  stage 3")
    assert lines[-1] == "resumed at step 12  stage 3"
