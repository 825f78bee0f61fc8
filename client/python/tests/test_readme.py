"""The programs of the two readmes, as a reader runs them, until their first batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.page_program import page_program
from tests.serving import REPOSITORY, Server


@pytest.mark.parametrize("page", ["README.md", "client/python/README.md"])
def test_the_program_of_a_readme_reads_a_batch(page: str, sample_server: Server, sample_store: Path, tmp_path: Path):
    program = page_program(page)
    (tmp_path / "stores").mkdir()
    (tmp_path / "stores" / "hippocampus").symlink_to(sample_store)
    *_, last = program.splitlines()
    indent = last[: len(last) - len(last.lstrip())]
    program = f"{program.replace('localhost:7070', sample_server.address)}{indent}break\nassert batch.samples\n"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "client" / "python" / "src")}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
