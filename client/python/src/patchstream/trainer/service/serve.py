"""The trainer service, listening."""

import asyncio
import ipaddress
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from patchstream.errors import PatchstreamError, refuse
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.process.start import Notice
from patchstream.trainer.service.data_servers import DataAccess, check_access
from patchstream.trainer.service.engines import open_engines
from patchstream.trainer.service.handlers import trainer_handler
from patchstream.trainer.service.health import Health
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.methods import MOST_MESSAGE_BYTES, Methods
from patchstream.trainer.service.predict import Predictions
from patchstream.trainer.service.tokens import AcceptedToken
from patchstream.trainer.service.trainings import Trainings, TrainingsOptions

_DRAIN_S = 10.0
"""Calls that are still open when all trainings have ended get this long."""


@dataclass(frozen=True, slots=True)
class ServerTls:
    """PEM files' contents. With `ca`, clients must show a certificate that it signed (mTLS)."""

    cert: bytes
    key: bytes
    ca: bytes | None


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """Where a trainer listens, and who may call it."""

    host: str
    port: int
    tls: ServerTls | None
    tokens: Sequence[AcceptedToken] | None
    insecure: bool
    """Serve others than this machine without TLS."""


@dataclass(frozen=True, slots=True)
class TrainerOptions:
    """What a trainer is started with."""

    listen: ListenOptions
    runs_folder: Path
    access: DataAccess
    engine: str
    device: DeviceOptions
    at_once: int
    """Trainings at the same time."""
    predictions: int
    """Images labelled at the same time."""
    drain_delay_s: float
    notice: Notice
    log: ServiceLog


@asynccontextmanager
async def serving(options: TrainerOptions) -> AsyncGenerator[str]:
    """Serves to the end of the block; gives the address, host:port.

    At the end health turns NOT_SERVING, trainings end after the step in progress, then the listener closes. Raises
    ENGINE_MISSING where no engine can train here, SPEC_INVALID where a secret might go to anybody, UNAVAILABLE for an
    address or a runs folder that cannot be had.
    """
    check_listen(options.listen)
    check_access(options.access)
    engines = await open_engines(options.engine, options.notice)
    trainings = Trainings(
        TrainingsOptions(
            runs_folder=options.runs_folder,
            access=options.access,
            engines=engines,
            device=options.device,
            at_once=options.at_once,
            notice=options.notice,
            log=options.log,
        )
    )
    try:
        predictions = Predictions(trainings, options.access, engines, options.device, options.log, options.predictions)
        methods, health = Methods(options.listen.tokens, options.log), Health()
        server = grpc.aio.server(
            options=[
                # Up to twice the limit a message is read, to be refused with facts: gRPC's own refusal has none.
                ("grpc.max_receive_message_length", 2 * MOST_MESSAGE_BYTES),
                ("grpc.max_send_message_length", 2 * MOST_MESSAGE_BYTES),
                ("grpc.compression_enabled_algorithms_bitset", 1),  # Nothing is unpacked.
                ("grpc.keepalive_time_ms", 30_000),
                ("grpc.keepalive_timeout_ms", 20_000),
                ("grpc.so_reuseport", 0),
            ],
            maximum_concurrent_rpcs=1024,
        )
        server.add_generic_rpc_handlers((trainer_handler(trainings, predictions, methods), health.handler()))
        address = await _listen(server, options.listen)
        options.log.write("started", address=address, tls=options.listen.tls is not None)
        try:
            yield address
        finally:
            health.end()
            options.log.write("draining", delaySeconds=options.drain_delay_s)
            await asyncio.sleep(options.drain_delay_s)
            stopping = asyncio.ensure_future(server.stop(1e9))
            await trainings.close()
            await asyncio.wait([stopping], timeout=_DRAIN_S)
            await server.stop(None)
            options.log.write("stopped")
    except BaseException:
        await trainings.close()
        raise


def check_listen(listen: ListenOptions) -> None:
    """Hosts other than loopback need TLS or `insecure`; with tokens they need TLS, since others could read them.

    Raises SPEC_INVALID.
    """
    if not 0 <= listen.port <= 65_535:
        raise refuse("port", listen.port, "a port, 0 to 65535 (0: any free one)")
    if listen.tls is not None or _is_loopback(listen.host) or (listen.insecure and listen.tokens is None):
        return
    hint = (
        "Give a certificate and key, or --insecure on a network you trust."
        if listen.tokens is None
        else "Give a certificate and key: a token must not travel as plain text."
    )
    raise refuse("host", listen.host, "a loopback address when there is no TLS", hint)


async def _listen(server: grpc.aio.Server, listen: ListenOptions) -> str:
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    where = f"{host}:{listen.port}"
    try:
        if listen.tls is None:
            port = server.add_insecure_port(where)
        else:
            tls = listen.tls
            credentials = grpc.ssl_server_credentials(
                [(tls.key, tls.cert)], root_certificates=tls.ca, require_client_auth=tls.ca is not None
            )
            port = server.add_secure_port(where, credentials)
        await server.start()
    except RuntimeError as error:
        facts = {"code": "UNAVAILABLE", "address": where, "reason": "it cannot be listened at"}
        raise PatchstreamError(facts, "Is the port taken? Port 0 takes a free one.") from error
    return f"{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
