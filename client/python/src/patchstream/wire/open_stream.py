"""Opens a stream of batches, over a lane where there is one, on a thread of its own."""

from threading import Thread
from time import monotonic

from ..errors import PatchstreamError
from ..v1 import data_pb2
from .batch_memory import BatchMemory
from .call_scope import CallCancelledError, CallScope
from .channel import Channel
from .grpc_stream import carry_over_grpc
from .lane_socket import LaneSocket
from .lane_stream import LaneUnreachableError, carry_over_lane
from .outgoing import Outgoing
from .stream import Carrier, CarrierChoice, Over, Stream, StreamEvents, StreamStart
from .stream_receiver import TIMELINES, StreamReceiver


def open_stream(
    channel: Channel, start: StreamStart, events: StreamEvents, *, carrier: CarrierChoice, memory: BatchMemory
) -> Stream:
    """Opens a stream and returns at once; how that went is told, as all else, to `events`, on the stream's thread.

    `memory` is what its batches are put into.
    """
    return _CarriedStream(channel, start, events, carrier, memory)


class _CarriedStream:
    """A stream and its thread."""

    def __init__(
        self,
        channel: Channel,
        start: StreamStart,
        events: StreamEvents,
        carrier: CarrierChoice,
        memory: BatchMemory,
    ) -> None:
        self._channel = channel
        self._start = start
        self._events = events
        self._choice: CarrierChoice = carrier
        self._memory = memory
        self._scope = CallScope()
        self._outgoing = Outgoing()
        self._opened_at = monotonic()
        self._heard_at = self._opened_at
        self._is_opening_lane = False
        self._lane: LaneSocket | None = None
        self._outgoing.add(
            data_pb2.StreamRequest(
                start=data_pb2.Start(
                    spec=start.spec,
                    spec_sha256=bytes.fromhex(start.digest),
                    timeline=TIMELINES[start.timeline],
                    rank=start.rank,
                    ranks=start.ranks,
                )
            )
        )
        Thread(target=self._run, name=f"patchstream stream {channel.address}", daemon=True).start()

    @property
    def last_heard(self) -> float:
        if self._is_opening_lane:
            return monotonic()  # That has a deadline of its own.
        return self._heard_at if self._lane is None else self._lane.heard_at

    def want(self, first_step: int, count: int, stage: int | None = None, traceparent: str | None = None) -> None:
        want = data_pb2.Want(first_step=first_step, count=count, stage=stage, traceparent=traceparent)
        self._outgoing.add(data_pb2.StreamRequest(want=want))

    def report(
        self,
        stage: int,
        from_step: int,
        *,
        reason: str = "",
        metrics: dict[str, float] | None = None,
        hold: bool = False,
    ) -> None:
        report = data_pb2.StageReport(stage=stage, from_step=from_step, reason=reason, metrics=metrics or {}, hold=hold)
        self._outgoing.add(data_pb2.StreamRequest(stage_report=report))

    def take_back(self, first_step: int, count: int) -> None:
        cancel = data_pb2.Cancel(first_step=first_step, count=count)
        self._outgoing.add(data_pb2.StreamRequest(cancel=cancel))

    def tell_pace(self, step_us: int, waited_us: int, served_us: int) -> None:
        pace = data_pb2.Pace(step_us=step_us, waited_us=waited_us, served_us=served_us)
        self._outgoing.add(data_pb2.StreamRequest(pace=pace))

    def stop(self) -> None:
        self._outgoing.add(data_pb2.StreamRequest(stop=data_pb2.Stop()))

    def cancel(self) -> None:
        self._scope.cancel()

    def _run(self) -> None:
        error = None
        try:
            self._carry()
        except CallCancelledError:
            return
        except PatchstreamError as failure:
            error = failure
        except Exception as fault:
            # A fault of ours, or of who is told: without a word of it, who waits for a batch would wait for ever.
            facts = {"code": "INTERNAL", "where": "the client's stream", "reason": f"{type(fault).__name__}: {fault}"}
            error = PatchstreamError(facts)
            error.__cause__ = fault
        if not self._scope.is_cancelled:
            self._events.tell(Over(error))

    def _carry(self) -> None:
        match self._choice:
            case "grpc":
                self._over_grpc()
            case "lane":
                try:
                    self._over_lane(self._receiver("lane"))
                except LaneUnreachableError as failure:
                    raise failure.error from failure
            case "auto":
                self._over_lane_or_grpc()

    def _over_lane_or_grpc(self) -> None:
        lanes = self._channel.lanes
        if lanes.may_try:
            receiver = self._receiver("lane")
            try:
                self._over_lane(receiver)
            except LaneUnreachableError:
                lanes.failed()
            else:
                return
            finally:
                if self._lane is not None:
                    self._lane_ended(has_received=receiver.has_received)
        self._over_grpc()

    def _lane_ended(self, *, has_received: bool) -> None:
        if self._scope.is_cancelled:
            return
        if has_received:
            self._channel.lanes.carried()
        self._channel.lanes.lost()

    def _receiver(self, carrier: Carrier) -> StreamReceiver:
        return StreamReceiver(self._start, self._events, self._memory, carrier)

    def _over_lane(self, receiver: StreamReceiver) -> None:
        def offered() -> None:
            self._is_opening_lane = True

        def opened(lane: LaneSocket) -> None:
            self._lane = lane
            self._is_opening_lane = False

        carry_over_lane(self._channel, self._outgoing, self._scope, receiver, offered=offered, opened=opened)

    def _over_grpc(self) -> None:
        receiver = self._receiver("grpc")
        self._heard_at = monotonic()
        self._is_opening_lane = False

        def receive(message: bytes) -> None:
            self._heard_at = monotonic()
            receiver.message(message)

        carry_over_grpc(self._channel, self._outgoing, self._scope, receive)
