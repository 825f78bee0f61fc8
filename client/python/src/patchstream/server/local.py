"""A store served to one program: `patchstream.local("store")`."""

import os
from pathlib import Path

from patchstream.client import DataClient, connect
from patchstream.server.own_server import OwnServer
from patchstream.wire.stream import CarrierChoice


def local(
    store: str | os.PathLike[str],
    *,
    workers: int | None = None,
    volume_budget: int | str | None = None,
    slot_budget: int | str | None = None,
    log: str | os.PathLike[str] | None = None,
    ready_s: float = 60.0,
    deadline_s: float | None = None,
    carrier: CarrierChoice = "auto",
) -> DataClient:
    """A client of a data server of its own, which it starts, and which ends with the client or with this process.

    The server listens on a Unix socket in a private folder (on Windows on a port of this machine, with a token). It
    needs the extra `server`: `pip install "patchstream[server]"`.

    - `store`: a folder that `patchstream ingest` made, or the address of a remote one (https://, s3://).
    - `workers`: threads that cut patches (default: one per core).
    - `volume_budget`, `slot_budget`: memory for volumes and for batches, in bytes or as "4GiB" (default: by machine).
    - `log`: a file to whose end the server writes its log, as JSON lines.
    - `ready_s`: how long the server may take to begin.
    - `deadline_s`, `carrier`: as of `connect`.

    Raises STORE_DAMAGED for a store that is not there or not whole, NOT_FOUND where the extra is not installed, and
    WRITE_FAILED where its socket or log cannot be made, and what else the server says.
    """
    options = {"--workers": workers, "--volume-budget": volume_budget, "--slot-budget": slot_budget}
    flags = [f"{flag}={value}" for flag, value in options.items() if value is not None]
    server = OwnServer(os.fspath(store), flags, log=None if log is None else Path(log), ready_s=ready_s)
    try:
        client = connect(server.address, token=server.token, deadline_s=deadline_s, carrier=carrier)
    except BaseException:
        server.close()
        raise
    client.own(server)
    return client
