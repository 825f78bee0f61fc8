"""Which data servers a trainer may call, and what they say of a run."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from patchstream.dataset_info import DatasetInfo
from patchstream.errors import refuse
from patchstream.run_info import RunInfo
from patchstream.spec_input import SpecInput
from patchstream.trainer.data_access import DataConnection, connect_to
from patchstream.wire.target import is_this_machine, parse_target

_FIRST_ANSWER_S = 5.0
"""Waiting for an answer to a first call: who is not there by then is told so."""


@dataclass(frozen=True, slots=True)
class DataAccess:
    """How a trainer reaches data servers, and which."""

    connection: DataConnection
    servers: tuple[str, ...]
    """The only addresses that are ever called, as callers must write them. Empty: any, with nothing secret."""
    ranks: int = 1


def check_access(access: DataAccess) -> None:
    """Callers name addresses: they must not get a token or a certificate by naming their own.

    Raises SPEC_INVALID where one could go to a server that was not named when the trainer was started, or a token
    without TLS to another machine.
    """
    connection, servers = access.connection, access.servers
    has_token, has_certificate = connection.token_file is not None, connection.cert is not None
    if not has_token and not has_certificate:
        return
    if not servers:
        secret = "a token" if has_token else "a certificate"
        hint = "Name them with --data-servers host:port,..."
        raise refuse("data servers", [], f"named for {secret} to be sent to them", hint)
    for server in servers:
        if has_token and not connection.is_tls and not is_this_machine(parse_target(server)):
            want = "on this machine for a token to go there without TLS"
            raise refuse("data servers", server, want, "Give --data-tls or --data-tls-ca.")
    with connect_to(servers, connection):
        return  # The files can be read.


def check_addresses(access: DataAccess, addresses: Sequence[str]) -> None:
    """Raises SPEC_INVALID unless `addresses` may be called."""
    if not addresses or "" in addresses:
        raise refuse("data", list(addresses), "host:port of one data server or more")
    for address in addresses:
        if access.servers and address not in access.servers:
            raise refuse("data", address, f"one of this trainer's data servers: {', '.join(access.servers)}")


async def describe_at(access: DataAccess, addresses: Sequence[str], spec: SpecInput) -> tuple[RunInfo, DatasetInfo]:
    """Asks `addresses` to describe a run, so that the caller learns at once what they refuse.

    Raises SPEC_INVALID, UNAUTHENTICATED, or UNAVAILABLE or DEADLINE where none answers in a few seconds.
    """
    check_addresses(access, addresses)

    def describe() -> tuple[RunInfo, DatasetInfo]:
        deadline_s = _FIRST_ANSWER_S + access.connection.wait_s
        with connect_to(addresses, access.connection, deadline_s=deadline_s) as client:
            return client.describe_run(spec, ranks=access.ranks), client.describe_dataset()

    return await asyncio.to_thread(describe)
