"""A connection to the replicas of one data set."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from threading import TIMEOUT_MAX
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from .batch import Batch
from .dataset_info import DatasetInfo
from .errors import refuse
from .given import box_of, timeline_of, whole, whole_or_none
from .run import Run, RunShare, decision_from
from .run_info import RunInfo
from .spec_input import SpecInput, spec_bytes
from .timeline import Timeline
from .transport.connection import Closeable, Connection, Reach
from .transport.describe import describe_dataset, describe_run
from .transport.fleet_standing import FleetStanding
from .transport.read_calls import BatchRequest, Preview, VolumeKind, get_batch, preview, read_case, read_locations
from .transport.share_of_run import check_rank, loss_weights
from .transport.stage_timeline import StageDecision
from .transport.wanted_steps import Credit
from .wire.channel import ChannelOptions, check_channel
from .wire.credentials import Tls
from .wire.stream import CarrierChoice
from .zyx import Zyx

DEFAULT_DEADLINE_S = 60.0
CARRIERS: Sequence[CarrierChoice] = ("auto", "lane", "grpc")


def connect(
    addresses: str | Iterable[str],
    *,
    token: str | None = None,
    token_file: str | os.PathLike[str] | None = None,
    tls: bool = False,
    ca: str | os.PathLike[str] | None = None,
    cert: str | os.PathLike[str] | None = None,
    key: str | os.PathLike[str] | None = None,
    server_name: str | None = None,
    deadline_s: float | None = None,
    wait_s: float = 0.0,
    carrier: CarrierChoice = "auto",
) -> "DataClient":
    """Connects to the replicas of one data set: `host:port` or `unix:/path`, several as a list or with commas.

    Lazy: the first call finds out who is there, and fails within seconds (`wait_s` later) when nobody can be reached.

    - `token`, or `token_file` that holds it: sent over TLS, or to this machine.
    - `tls`: TLS with the system's authorities; `ca` names one's own, `cert` and `key` say who we are (PEM files);
      `server_name` is the name in the server's certificate where it is not the address's host. Any of them means TLS;
      without them plain text is spoken.
    - `deadline_s`: whatever is waited for longer fails with DEADLINE, or what the last attempt said. Default 60, or
      `wait_s` where that is more.
    - `carrier`: what carries streams. `lane` is a socket beside gRPC at a fraction of its cost, `auto` takes it where
      one can be opened and gRPC where not.

    Raises SPEC_INVALID for what is no address, INPUT_DAMAGED for files that cannot be used, UNAUTHENTICATED for a
    token that would leave this machine in plain text.
    """
    listed = addresses.split(",") if isinstance(addresses, str) else list(addresses)
    listed = [address.strip() for address in listed]
    if not listed or "" in listed:
        raise refuse("addresses", addresses if isinstance(addresses, str) else listed, "one host:port or more")
    if carrier not in CARRIERS:
        raise refuse("carrier", carrier, f"one of {', '.join(CARRIERS)}")
    is_tls = tls or any(file is not None for file in (ca, cert, key, server_name))
    secured = Tls(ca, cert, key, server_name) if is_tls else None
    options = ChannelOptions(secured, token, token_file, wait_s)
    for address in listed:
        check_channel(address, options)
    if deadline_s is None:
        deadline_s = max(DEFAULT_DEADLINE_S, wait_s)
    if not 0 < deadline_s <= TIMEOUT_MAX:
        raise refuse("deadline_s", deadline_s, f"a number of seconds above 0, at most {TIMEOUT_MAX:.0f}")
    return DataClient(Connection(Reach(tuple(listed), options, carrier, deadline_s)))


class DataClient:
    """Made by `connect`. All methods may be called from any thread.

    Each call goes to the replica that is least busy, and elsewhere too when it is silent or fails. A client can be
    pickled: another process connects anew.
    """

    def __init__(self, connection: Connection) -> None:
        """Shares `connection` with its runs."""
        self._connection = connection

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of the replicas."""
        return self._connection.reach.addresses

    def own(self, owned: Closeable) -> None:
        """Keeps `owned` as long as the client or one of its runs is kept, and closes it with the client."""
        self._connection.own(owned)

    def fleet(self) -> FleetStanding:
        """How the replicas do, and which batch is waited for. Asks none of them."""
        return self._connection.fleet()

    def describe_dataset(self) -> DatasetInfo:
        """What the served store holds, all of its cases from one state of it."""
        return self._connection.call("describe_dataset", describe_dataset)

    def describe_run(self, spec: SpecInput, *, ranks: int = 1) -> RunInfo:
        """Resolves a run spec at a server; `ranks`: how many share every batch.

        Raises SPEC_INVALID naming the field, REQUEST_INVALID for more ranks than the smallest batch has samples.
        """
        attempt = partial(describe_run, spec=spec_bytes(spec), ranks=whole("ranks", ranks, 1))
        return self._connection.call("describe_run", attempt)

    def open_run(
        self,
        spec: SpecInput,
        *,
        timeline: Timeline = "train",
        rank: int = 0,
        ranks: int = 1,
        credit_batches: int = 8,
        credit_bytes: int = 256 << 20,
        start_step: int = 0,
        decisions: Iterable[StageDecision | Mapping[str, object]] = (),
    ) -> Run:
        """Resolves a run spec at a server and opens its batches for one rank, from `start_step` on.

        `credit_batches` and `credit_bytes`: how far ahead batches are wanted; one is always allowed. `decisions`
        replays a stage timeline on resume. Raises as `describe_run`, and STEP_UNKNOWN.
        """
        asked = timeline_of(timeline)
        batches = whole("credit_batches", credit_batches, 1)
        most_bytes = whole("credit_bytes", credit_bytes, 0, sys.maxsize)
        count = whole("ranks", ranks, 1)
        mine = whole("rank", rank, 0, count - 1)
        info = self.describe_run(spec, ranks=count)
        check_rank(info, mine, count)
        credit = Credit(
            min(batches, info.limits.max_outstanding_steps), min(most_bytes, info.limits.max_outstanding_bytes)
        )
        share = RunShare(asked, mine, credit)
        return Run(self._connection, info, share, step=start_step, decisions=map(decision_from, decisions))

    def get_batch(
        self,
        spec: SpecInput,
        *,
        step: int,
        stage: int | None = None,
        timeline: Timeline = "train",
        rank: int = 0,
        ranks: int = 1,
    ) -> Batch:
        """One batch by its address, outside of any stream; `stage` None: the scheduled one."""
        asked_at = perf_counter()
        count = whole("ranks", ranks, 1)
        request = BatchRequest(
            spec_bytes(spec),
            timeline_of(timeline),
            whole("step", step),
            whole_or_none("stage", stage),
            whole("rank", rank, 0, count - 1),
            count,
        )
        attempt = partial(get_batch, request=request, memory=self._connection.memory)
        received, info = self._connection.call("get_batch", attempt)
        return Batch(
            received,
            timeline=request.timeline,
            loss_weight=loss_weights(info, request.timeline, request.rank)[received.stage],
            channels_last=info.channels_last,
            waited_ms=1e3 * (perf_counter() - asked_at),
        )

    def read_image(self, case: str, region: tuple[Zyx, Zyx] | None = None) -> NDArray[np.float32]:
        """(C,Z,Y,X), whole or the box from `region[0]` to before `region[1]` (Z,Y,X, store voxels)."""
        return self._read(case, "image", region).astype(np.float32, copy=False)

    def read_label(self, case: str, region: tuple[Zyx, Zyx] | None = None) -> NDArray[np.int16]:
        """(Z,Y,X), whole or a box; -1 where the crop to nonzero masked it."""
        return self._read(case, "label", region).astype(np.int16, copy=False)

    def read_reference(self, case: str) -> NDArray[np.int16]:
        """(Z,Y,X): the label on the source's own grid, `CaseGeometry.original_shape`."""
        return self._read(case, "reference", None).astype(np.int16, copy=False)

    def read_locations(self, case: str, class_value: int, k: Sequence[int] = ()) -> NDArray[np.uint32]:
        """(n,3) Z,Y,X store voxels of a class: all that are stored, or those numbered `k`."""
        numbers = [whole("k", number) for number in k]
        attempt = partial(read_locations, case=case, class_value=whole("class_value", class_value), k=numbers)
        return self._connection.call("read_locations", attempt)

    def preview(
        self,
        spec: SpecInput,
        *,
        step: int,
        stage: int | None = None,
        timeline: Timeline = "train",
        page: int | None = None,
        channel: int | None = None,
    ) -> Preview:
        """One page of a batch as PNG.

        The middle slices of its samples on all three axes, with their labels. `page` from 1, `channel` from 0.
        """
        at, of_stage = whole("step", step), whole_or_none("stage", stage)
        request = BatchRequest(spec_bytes(spec), timeline_of(timeline), at, of_stage, 0, 1)
        number, image_channel = whole_or_none("page", page, 1), whole_or_none("channel", channel)
        attempt = partial(preview, request=request, page=number, image_channel=image_channel)
        return self._connection.call("preview", attempt)

    def close(self) -> None:
        """Ends its runs and its calls, and what it owns."""
        self._connection.close()

    def __enter__(self) -> "DataClient":
        """Closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """See `close`."""
        self.close()

    def _read(self, case: str, volume: VolumeKind, region: tuple[Zyx, Zyx] | None) -> NDArray[np.generic]:
        box = None if region is None else box_of(region)
        return self._connection.call("read_case", partial(read_case, case=case, volume=volume, region=box))
