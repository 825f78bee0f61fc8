"""The console script `patchstream`."""

import os
import subprocess
import sys

from tests.serving import REPOSITORY

SCRIPT = "import sys; from patchstream.server.command_line import main; sys.exit(main())"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "client" / "python" / "src")}
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_it_has_the_commands_of_npm_and_their_exit_codes() -> None:
    assert "ingest-prepared" in run("--help").stdout
    wrong = run("serve")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: missing required argument 'store'")


def test_import_nnunet_is_a_command_of_python() -> None:
    shown = run("import-nnunet", "--help")
    assert shown.stdout.startswith("usage: patchstream import-nnunet")
    assert shown.returncode == 0
