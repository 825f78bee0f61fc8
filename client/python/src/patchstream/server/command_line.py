"""The command `patchstream`: that of npm, on the Node.js of the extra `server`, and `import-nnunet`."""

import os
import signal
import subprocess
import sys

from patchstream.errors import PatchstreamError
from patchstream.server.program import command


def main() -> int:
    """Runs the command; its exit code. On POSIX the process becomes Node.js, so that signals reach it."""
    if sys.argv[1:2] == ["import-nnunet"]:
        from patchstream.nnunet.__main__ import import_command

        return import_command(sys.argv[2:])
    try:
        line = command(*sys.argv[1:])
    except PatchstreamError as error:
        print(f"patchstream: {error.advice}", file=sys.stderr)
        return 1
    if os.name != "nt":
        os.execv(line[0], line)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both: the command decides when it has ended
    return subprocess.call(line)
