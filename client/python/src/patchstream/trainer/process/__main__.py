"""A process of the trainer: `python -m patchstream.trainer.process SOCKET` does one job, tells its parent, and ends.

It ends by its parent's word or with it, not by the signals that a terminal or a service manager sends to a group.
"""

import os
import signal
import sys
from pathlib import Path

from patchstream.trainer.process.failure import sent_failure
from patchstream.trainer.process.jobs import JOBS
from patchstream.trainer.process.parent import Parent
from patchstream.transport.open_tracing import open_tracing


def main(path: str) -> None:
    """Does the one job that the parent sends."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    _prefer_to_be_killed()
    parent = Parent(path, int(os.environ.get("RANK", "0")))
    asked = parent.first("job")
    try:
        result = JOBS[asked["name"]](asked["job"], parent)
        parent.tell({"kind": "result", "result": result})
    except Exception as error:
        parent.tell({"kind": "failed", "failure": sent_failure(error)})
    tracing = open_tracing()
    if tracing is not None:
        tracing.flush()
    parent.close()
    sys.stdout.flush()
    os._exit(0)  # No destructor of a library keeps the process.


def _prefer_to_be_killed() -> None:
    """Where memory runs out on Linux, the kernel is to end this process and not the trainer that others depend on."""
    try:
        Path("/proc/self/oom_score_adj").write_text("500")
    except OSError:
        return  # Not Linux, or not allowed: then it is as likely as any other.


if __name__ == "__main__":
    main(sys.argv[1])
