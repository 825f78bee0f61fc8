"""The trainer service, listening."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import grpc

from patchstream.errors import PatchstreamError
from patchstream.package_version import package_version
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.process.start import Notice
from patchstream.trainer.service.check_start import StartChecks
from patchstream.trainer.service.counts import Counts, NoCounts
from patchstream.trainer.service.data_servers import DataAccess, check_access
from patchstream.trainer.service.engines import open_engines
from patchstream.trainer.service.handlers import trainer_handler
from patchstream.trainer.service.health import Health
from patchstream.trainer.service.known_training import Observers
from patchstream.trainer.service.listen import ListenOptions, check_listen, listen_at
from patchstream.trainer.service.log import ServiceLog
from patchstream.trainer.service.memory_budget import DEFAULT_SHARE, MemoryBudget, machine_bytes
from patchstream.trainer.service.methods import MOST_MESSAGE_BYTES, Methods
from patchstream.trainer.service.metrics_place import MetricsPlace
from patchstream.trainer.service.predict import Predictions
from patchstream.trainer.service.trainings import Trainings, TrainingsOptions

_DRAIN_S = 10.0
"""Calls that are still open when all trainings have ended get this long."""


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
    memory_bytes: int | None
    """What trainings and predictions may take together, as estimated. None: three quarters of what there is."""
    metrics: MetricsPlace | None
    drain_delay_s: float
    notice: Notice
    log: ServiceLog


@dataclass(frozen=True, slots=True)
class Serving:
    """A trainer that listens."""

    address: str
    """host:port or unix:/path."""
    metrics: str | None
    """host:port of the metrics, where they were asked for."""
    memory_bytes: int
    """What trainings and predictions may take together."""


@asynccontextmanager
async def serving(options: TrainerOptions) -> AsyncGenerator[Serving]:
    """Serves to the end of the block.

    At the end health turns NOT_SERVING, trainings end after the step in progress, then the listener closes. Raises
    ENGINE_MISSING where no engine can train here, SPEC_INVALID where a secret might go to anybody, UNAVAILABLE for an
    address or a runs folder that cannot be had.
    """
    check_listen(options.listen)
    check_access(options.access)
    counts, serve_metrics = _open_metrics(options.metrics)
    engines = await open_engines(options.engine, options.notice, options.log)
    memory = MemoryBudget(
        int(DEFAULT_SHARE * (engines.preferred.gpu_bytes or machine_bytes()))
        if options.memory_bytes is None
        else options.memory_bytes
    )
    trainings = Trainings(
        TrainingsOptions(
            runs_folder=options.runs_folder,
            checks=StartChecks(options.access, engines, memory),
            device=options.device,
            at_once=options.at_once,
            notice=options.notice,
            observers=Observers(options.log, counts.observe),
        )
    )
    try:
        predictions = Predictions(
            trainings, options.access, engines, memory, options.device, options.log, options.predictions
        )
        methods, health = Methods(options.listen.tokens, options.log, counts), Health()
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
        server.add_generic_rpc_handlers(
            (trainer_handler(trainings, predictions, methods), health.handler(), *_reflection())
        )
        listener = await listen_at(server, options.listen, options.log)
        options.log.write("started", **_start(listener.address, options.listen))
        with ExitStack() as stack:
            metrics = serve_metrics(stack)
            try:
                yield Serving(listener.address, metrics, memory.bytes)
            finally:
                health.end()
                options.log.write("draining", delaySeconds=options.drain_delay_s)
                await asyncio.sleep(options.drain_delay_s)
                listener.remove()
                stopping = asyncio.ensure_future(server.stop(1e9))
                options.log.write("listener-closed")
                await trainings.close()
                await asyncio.wait([stopping], timeout=_DRAIN_S)
                await server.stop(None)
        options.log.write("stopped")
    except BaseException:
        await trainings.close()
        raise


def _start(address: str, listen: ListenOptions) -> Mapping[str, object]:
    """What the log says of it."""
    tls = "none" if listen.tls is None else "server" if listen.tls.ca is None else "mutual"
    version = package_version()
    return {
        "service": "TrainerService",
        "address": address,
        "version": version,
        "tls": tls,
        "token": listen.tokens is not None,
    }


def _open_metrics(place: MetricsPlace | None) -> tuple[Counts, Callable[[ExitStack], str | None]]:
    """What counts, and what serves it until a stack ends. Raises UNSUPPORTED where prometheus-client is missing."""
    if place is None:
        return NoCounts(), lambda _: None
    if find_spec("prometheus_client") is None:
        facts = {"code": "UNSUPPORTED", "what": "--metrics-port without prometheus-client", "want": "left out"}
        raise PatchstreamError(facts, 'Run: pip install "patchstream[metrics]"')
    from patchstream.trainer.service.metrics import TrainerMetrics
    from patchstream.trainer.service.metrics_endpoint import serving_metrics

    counts = TrainerMetrics()
    return counts, lambda stack: stack.enter_context(serving_metrics(counts.registry, place))


def _reflection() -> list[grpc.GenericRpcHandler]:
    """None where grpcio-reflection is not installed: calls do without."""
    if find_spec("grpc_reflection") is None:
        return []
    from patchstream.trainer.service.reflection import reflection_handlers

    return reflection_handlers()
