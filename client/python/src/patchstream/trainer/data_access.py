"""How a trainer reaches data servers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from patchstream.client import DataClient, connect


@dataclass(frozen=True, slots=True)
class DataConnection:
    """What `patchstream.connect` takes, as JSON holds it: processes send it to each other."""

    token_file: str | None = None
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    server_name: str | None = None
    wait_s: float = 0.0
    carrier: Any = "auto"

    def as_job(self) -> Mapping[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @property
    def is_tls(self) -> bool:
        """Servers are called over TLS."""
        return self.tls or any(one is not None for one in (self.ca, self.cert, self.key, self.server_name))


def connect_to(addresses: Sequence[str], connection: DataConnection, *, deadline_s: float | None = None) -> DataClient:
    """A client of data servers of one store. Raises as `connect` does."""
    return connect(
        addresses,
        token_file=connection.token_file,
        tls=connection.tls,
        ca=connection.ca,
        cert=connection.cert,
        key=connection.key,
        server_name=connection.server_name,
        deadline_s=deadline_s,
        wait_s=connection.wait_s,
        carrier=connection.carrier,
    )
