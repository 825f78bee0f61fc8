"""`python -m patchstream.trainer`: the trainer service, until SIGINT or SIGTERM."""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from patchstream.errors import PatchstreamError
from patchstream.trainer.data_access import DataConnection
from patchstream.trainer.engine.device_options import DeviceOptions
from patchstream.trainer.service.data_servers import DataAccess
from patchstream.trainer.service.engines import ENGINES
from patchstream.trainer.service.listen import ListenOptions
from patchstream.trainer.service.log import LEVELS, ServiceLog
from patchstream.trainer.service.metrics_place import MetricsPlace
from patchstream.trainer.service.serve import TrainerOptions, serving
from patchstream.trainer.service.server_tls import ServerTls
from patchstream.trainer.service.tokens import Tokens

_THIS_MACHINE = "127.0.0.1"
_UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves; the exit code. What goes wrong is one line on stderr, and with `--json` one on stdout."""
    parser = _parser()
    flags = parser.parse_args(arguments)
    if (flags.tls_cert is None) != (flags.tls_key is None):
        parser.error("--tls-cert and --tls-key go together")
    if flags.tls_ca is not None and flags.tls_cert is None:
        parser.error("--tls-ca needs --tls-cert and --tls-key")
    if flags.listen is not None and (flags.host is not None or flags.port is not None):
        parser.error("--listen stands for --host and --port: give one of them")
    if flags.listen is not None and flags.tls_cert is not None:
        parser.error("--listen takes no TLS: its file's permissions protect a Unix socket")
    if flags.metrics_host is not None and flags.metrics_port is None:
        parser.error("--metrics-host needs --metrics-port")
    try:
        asyncio.run(_serve(_options(flags), is_json=flags.json, until_stdin_closes=flags.until_stdin_closes))
    except PatchstreamError as error:
        if flags.json:
            hint = {} if error.hint is None else {"hint": error.hint}
            print(json.dumps({"error": {**error.facts, **hint}}), flush=True)
        print(f"patchstream: {error.advice}", file=sys.stderr)
        return 1
    return 0


async def _serve(options: TrainerOptions, *, is_json: bool, until_stdin_closes: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end() -> None:
        """The next signal ends the process at once, as the system does it."""
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)
            signal.signal(name, signal.SIG_DFL)
        stop.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, end)
    if until_stdin_closes:
        threading.Thread(target=_read_stdin, args=(lambda: loop.call_soon_threadsafe(end),), daemon=True).start()
    async with serving(options) as served:
        places, threads = options.at_once, options.device.threads
        if is_json:
            metrics = {} if served.metrics is None else {"metrics": served.metrics}
            budget = {"trainings": places, "threadsEach": threads, "memoryBytes": served.memory_bytes}
            print(json.dumps({"address": served.address, **metrics, **budget}), flush=True)
        else:
            also = "" if served.metrics is None else f", metrics at http://{served.metrics}/metrics"
            print(f"patchstream trains at {served.address}{also}, runs in {options.runs_folder}")
            print(_budget_text(places, threads, served.memory_bytes), flush=True)
        await stop.wait()


def _read_stdin(closed: Callable[[], object]) -> None:
    """Reads what nobody wants until there is no more. A loop that is over by then does not care."""
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 1 << 12):
            pass
    with suppress(RuntimeError):
        closed()


def _budget_text(trainings: int, threads_each: int, memory_bytes: int) -> str:
    places = "one training at a time" if trainings == 1 else f"{trainings} trainings at a time"
    threads = f"{threads_each} CPU {'thread' if threads_each == 1 else 'threads'}{'' if trainings == 1 else ' each'}"
    return f"{places}, {threads}, {memory_bytes / (1 << 30):.1f} GiB of memory"


def _options(flags: argparse.Namespace) -> TrainerOptions:
    log = ServiceLog(flags.log_level)
    ca = None if flags.tls_ca is None else Path(flags.tls_ca)
    tls = None if flags.tls_cert is None else ServerTls(Path(flags.tls_cert), Path(flags.tls_key), ca)
    tokens = None if flags.token_file is None else Tokens(Path(flags.token_file), log)
    connection = DataConnection(
        token_file=flags.data_token_file,
        tls=flags.data_tls,
        ca=flags.data_tls_ca,
        cert=flags.data_tls_cert,
        key=flags.data_tls_key,
        server_name=flags.data_tls_server_name,
        wait_s=flags.data_wait,
        carrier=flags.data_carrier,
    )
    threads = max(1, flags.threads // (flags.trainings * flags.ranks))
    servers = tuple(one.strip() for one in flags.data_servers.split(",")) if flags.data_servers else ()
    return TrainerOptions(
        listen=ListenOptions(
            flags.host or _THIS_MACHINE, flags.port or 0, tls, tokens, flags.insecure, unix=flags.listen
        ),
        runs_folder=Path(flags.runs),
        access=DataAccess(connection, servers, flags.ranks),
        engine=flags.engine,
        device=DeviceOptions(threads, flags.full_precision, flags.compile),
        at_once=flags.trainings,
        predictions=flags.predictions,
        memory_bytes=flags.memory,
        metrics=None if flags.metrics_port is None else _metrics_place(flags),
        drain_delay_s=flags.drain_delay,
        notice=lambda line: print(line, file=sys.stderr, flush=True),
        log=log,
    )


def _metrics_place(flags: argparse.Namespace) -> MetricsPlace:
    return MetricsPlace(flags.metrics_host or _THIS_MACHINE, flags.metrics_port)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError("it must be a port, 0 to 65535 (0: any free one)")
    return int(text)


def _byte_count(text: str) -> int:
    match = re.fullmatch(r"([0-9]+)(|KiB|MiB|GiB)", text)
    if match is None:
        raise argparse.ArgumentTypeError("it must be a number of bytes, such as 536870912, 512MiB or 4GiB")
    return int(match[1]) * _UNITS[match[2]]


def _one_or_more(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("it must be a whole number, 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError("it must be 0 to 86400 seconds")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m patchstream.trainer",
        description="Serve trainings on PyTorch over gRPC, as patchstream trainer does: start, watch, steer and stop.",
        epilog="The --data flags say how data servers are called. A token or certificate goes to --data-servers alone.",
    )
    listen = parser.add_argument_group("where it listens, and who may call")
    listen.add_argument("--host", help="beyond this machine TLS is needed (default: 127.0.0.1)")
    listen.add_argument("--port", type=_port, help="default: any free one")
    listen.add_argument(
        "--listen", metavar="ADDRESS", help="unix:/path: a Unix socket instead, for this user's processes alone"
    )
    listen.add_argument("--tls-cert", metavar="FILE", help="our own PEM certificate, for TLS")
    listen.add_argument("--tls-key", metavar="FILE", help="PEM key of our own certificate")
    listen.add_argument(
        "--tls-ca", metavar="FILE", help="serve only clients whose certificate this PEM certificate signed (mTLS)"
    )
    listen.add_argument(
        "--token-file",
        metavar="FILE",
        help="bearer tokens that calls may carry, one a line ([NAME] SCOPE[,SCOPE] TOKEN; scopes: data, train, watch)",
    )
    listen.add_argument(
        "--insecure", action="store_true", help="listen on other addresses than this machine's without TLS"
    )
    train = parser.add_argument_group("what trains")
    train.add_argument(
        "--runs", metavar="FOLDER", default="runs", help="where trainings keep checkpoints and history (default: runs)"
    )
    train.add_argument(
        "--engine", choices=ENGINES, default="auto", help="torch-cuda: a GPU; torch: the CPU (default: what is there)"
    )
    train.add_argument(
        "--threads",
        type=_one_or_more,
        metavar="COUNT",
        default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        help="CPU threads of all trainings and ranks; each has an equal share, at least one (default: one per core)",
    )
    train.add_argument(
        "--trainings",
        type=_one_or_more,
        metavar="COUNT",
        default=1,
        help="how many train at the same time; the others wait in order (default: 1)",
    )
    train.add_argument(
        "--predictions",
        type=_one_or_more,
        metavar="COUNT",
        default=2,
        help="how many images are labelled at the same time; more are refused (default: 2)",
    )
    train.add_argument(
        "--memory",
        type=_byte_count,
        metavar="BYTES",
        help="what trainings and predictions may take, as estimated, such as 8GiB: of the GPU that they compute on, "
        "or of the machine (default: three quarters of it)",
    )
    train.add_argument(
        "--ranks",
        type=_one_or_more,
        metavar="COUNT",
        default=1,
        help="processes that share each batch of a training, a GPU each, started by torchrun (default: 1)",
    )
    train.add_argument("--compile", action="store_true", help="on a GPU: compile the network, once for each stage")
    train.add_argument("--full-precision", action="store_true", help="on a GPU: float32 instead of mixed precision")
    data = parser.add_argument_group("how data servers are called")
    data.add_argument("--data-servers", metavar="ADDRESSES", help="call these only, host:port[,host:port]")
    data.add_argument("--data-token-file", metavar="FILE", help="file with the bearer token to send")
    data.add_argument("--data-tls", action="store_true", help="over TLS, trusting the system's certificates")
    data.add_argument("--data-tls-ca", metavar="FILE", help="over TLS, trusting this PEM certificate")
    data.add_argument("--data-tls-cert", metavar="FILE", help="our own PEM certificate (mTLS)")
    data.add_argument("--data-tls-key", metavar="FILE", help="PEM key of our own certificate")
    data.add_argument("--data-tls-server-name", metavar="NAME", help="the name in the server's certificate")
    data.add_argument(
        "--data-wait", type=_seconds, metavar="SECONDS", default=0.0, help="wait so long for servers that start too"
    )
    data.add_argument("--data-carrier", choices=("auto", "lane", "grpc"), default="auto", help="what carries batches")
    metrics = parser.add_argument_group("Prometheus metrics", "They need the extra patchstream[metrics].")
    metrics.add_argument("--metrics-port", type=_port, metavar="PORT", help="over HTTP on this port (0: any free one)")
    metrics.add_argument("--metrics-host", metavar="HOST", help="address of the metrics (default: this machine only)")
    parser.add_argument("--log-level", choices=LEVELS, default="info", help="JSON lines on stderr (default: info)")
    parser.add_argument(
        "--drain-delay",
        type=_seconds,
        metavar="SECONDS",
        default=0.0,
        help="go on for so long after SIGTERM, with health NOT_SERVING",
    )
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="stop, as on SIGTERM, when standard input closes: with a pipe there, it ends with what started it",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document: where it listens")
    return parser
