"""Whatever a peer says is a batch, or damage: never a crash, and never other bytes."""

import random
from collections.abc import Callable, Iterator

import pytest

from patchstream.errors import PatchstreamError
from patchstream.v1 import data_pb2
from patchstream.wire.channel import ChannelOptions, open_channel
from patchstream.wire.chunk_head import read_chunk_head, write_chunk_head
from patchstream.wire.lane_frame import HEARTBEAT, framed
from patchstream.wire.stream import BatchArrived, BatchDamaged, CarrierChoice, Over, ReceivedBatch
from tests.serving import SMALL_SPEC, Server
from tests.wire.events import DescribedRun, Listener, opened
from tests.wire.peer import last, peer, said

LARGE_STEP = 17
"""Of the stage whose batches take two chunks."""
FLIPS = 150


class Truth:
    """A run, and what a real server says of one large batch of it."""

    def __init__(self, address: str) -> None:
        channel = open_channel(address, ChannelOptions())
        self.run = DescribedRun(channel, SMALL_SPEC)
        self.messages = said(channel, self.run, LARGE_STEP)
        channel.close()
        self.bytes = b"".join(data_of(message) for message in self.messages)
        self.tensors = self.messages[1]


def data_of(message: bytes) -> bytes:
    head = read_chunk_head(message, len(message))
    return b"" if head is None else message[head.head_bytes :]


@pytest.fixture(scope="module")
def truth(sample_server: Server) -> Truth:
    return Truth(sample_server.address)


def heard(
    truth: Truth, messages: list[bytes], carrier: CarrierChoice, lane: bytes | None = None
) -> tuple[list[ReceivedBatch], bool, PatchstreamError | None]:
    """What a stream makes of it: batches, whether one was damaged, and how it ended."""
    with peer(messages, lane) as channel:
        listener = Listener(truth.run)
        opened(channel, truth.run, listener, carrier)
        batches: list[ReceivedBatch] = []
        is_damaged = False
        while True:
            match listener.next():
                case BatchArrived(batch):
                    batches.append(batch)
                case BatchDamaged():
                    is_damaged = True
                case Over(error):
                    return batches, is_damaged, error
                case _:
                    pass


def is_no_crash(error: PatchstreamError | None) -> bool:
    return error is None or error.facts.get("where") != "the client's stream"


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_a_peer_that_says_the_truth_is_believed(truth: Truth, carrier: CarrierChoice) -> None:
    (batch,), is_damaged, error = heard(truth, truth.messages, carrier)
    assert (batch.memory.tobytes(), is_damaged, error) == (truth.bytes, False, None)


def pieces(truth: Truth, size: int) -> Iterator[bytes]:
    for offset in range(0, len(truth.bytes), size):
        data = truth.bytes[offset : offset + size]
        yield write_chunk_head(LARGE_STEP, offset, len(data)) + data


def notice() -> bytes:
    said = data_pb2.Notice(code="hello", text="x" * 70)
    return data_pb2.StreamResponse(notice=said).SerializeToString()


@pytest.mark.parametrize("size", [700, 65_536, 1_000_000, 2_000_000])
@pytest.mark.parametrize("between", [b"", HEARTBEAT, framed(notice()), 3 * HEARTBEAT + framed(notice())])
def test_chunks_of_any_size_and_what_comes_between_them_change_nothing(truth: Truth, size: int, between: bytes) -> None:
    started, begin, *_, end = truth.messages
    chunks = between.join(framed(piece) for piece in pieces(truth, size))
    lane = HEARTBEAT + framed(started) + framed(begin) + chunks + between + framed(end) + last()
    (batch,), is_damaged, error = heard(truth, [], "lane", lane)
    assert (batch.memory.tobytes(), is_damaged, error) == (truth.bytes, False, None)


def test_a_chunk_whose_fields_come_in_another_order_is_read_too(truth: Truth) -> None:
    started, begin, *_, end = truth.messages
    chunk = data_pb2.Chunk(step=LARGE_STEP, data=truth.bytes).SerializeToString()
    step, data = chunk[:2], chunk[2:]
    turned = data + step
    message = write_chunk_head(0, 0, 0)[:1] + _varint(len(turned)) + turned
    for carrier in ("grpc", "lane"):
        (batch,), *_ = heard(truth, [started, begin, message, end], carrier)
        assert batch.memory.tobytes() == truth.bytes


def _varint(value: int) -> bytes:
    written = bytearray()
    while value >= 128:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


Lie = Callable[[list[bytes]], list[bytes]]
LIES: dict[str, tuple[Lie, str]] = {
    "a batch before the stream has started": (lambda m: m[1:], "INTERNAL"),
    "no message": (lambda m: [m[0], b"\xff\xff\xff"], "MESSAGE_DAMAGED"),
    "a chunk outside of a batch": (lambda m: [m[0], m[2]], "INTERNAL"),
    "a gap": (lambda m: [*m[:2], *m[3:]], "INTERNAL"),
    "a chunk twice": (lambda m: [*m[:3], *m[2:]], "INTERNAL"),
    "an end without a begin": (lambda m: [m[0], m[-1]], "INTERNAL"),
    "an end too early": (lambda m: [*m[:-2], m[-1]], "INTERNAL"),
    "a begin inside of a batch": (lambda m: [*m[:3], m[1]], "INTERNAL"),
    "Started twice": (lambda m: [m[0], m[0]], "MESSAGE_DAMAGED"),
}


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
@pytest.mark.parametrize("name", LIES)
def test_what_breaks_the_protocol_ends_the_stream(truth: Truth, name: str, carrier: CarrierChoice) -> None:
    lie, code = LIES[name]
    batches, _, error = heard(truth, lie(truth.messages), carrier)
    assert batches == []
    assert error is not None
    assert error.code == code
    assert is_no_crash(error)


@pytest.mark.parametrize("name", ["no prefix", "flags", "a huge message", "cut off", "no status", "a strange status"])
def test_what_is_no_lane_ends_the_stream(truth: Truth, name: str) -> None:
    start = HEARTBEAT + framed(truth.messages[0])
    lane, code = {
        "no prefix": (start + b"\0\0", "UNAVAILABLE"),
        "flags": (start + b"\1\0\0\0\0", "MESSAGE_DAMAGED"),
        "a huge message": (start + b"\0\xff\xff\xff\xff" + bytes(64), "MESSAGE_DAMAGED"),
        "cut off": (start + framed(truth.messages[1]) + framed(truth.messages[2])[:5000], "UNAVAILABLE"),
        "no status": (start, "UNAVAILABLE"),
        "a strange status": (start + last(b"grpc-status: 99\r\n"), "MESSAGE_DAMAGED"),
    }[name]
    _, _, error = heard(truth, [], "lane", lane)
    assert error is not None
    assert (error.code, is_no_crash(error)) == (code, True)


def test_one_flipped_bit_on_a_lane_gives_no_other_bytes(truth: Truth) -> None:
    whole = HEARTBEAT + b"".join(map(framed, truth.messages)) + last()
    head = len(HEARTBEAT) + len(framed(truth.messages[0])) + len(framed(truth.messages[1])) + 40
    for seed in range(FLIPS):
        drawn = random.Random(seed)
        at = drawn.randrange(5, head if seed % 3 else len(whole))
        flipped = bytearray(whole)
        flipped[at] ^= 1 << drawn.randrange(8)
        batches, _, error = heard(truth, [], "lane", bytes(flipped))
        assert is_no_crash(error), f"seed {seed}: {error}"
        assert all(batch.memory.tobytes() == truth.bytes for batch in batches), f"seed {seed}"


def test_one_flipped_bit_in_a_message_over_grpc_gives_no_other_bytes(truth: Truth) -> None:
    for seed in range(FLIPS):
        drawn = random.Random(seed)
        messages = list(truth.messages)
        number = drawn.choice([0, 1, 1, 1, 2, 3, len(messages) - 1])
        flipped = bytearray(messages[number])
        flipped[drawn.randrange(min(len(flipped), 400))] ^= 1 << drawn.randrange(8)
        messages[number] = bytes(flipped)
        batches, _, error = heard(truth, messages, "grpc")
        assert is_no_crash(error), f"seed {seed}: {error}"
        assert all(batch.memory.tobytes() == truth.bytes for batch in batches), f"seed {seed}"


def test_a_ticket_that_is_refused_opens_no_lane_and_auto_goes_over_grpc(truth: Truth) -> None:
    refused = last(b"grpc-status: 16\r\ngrpc-message: no%20ticket\r\n")
    _, _, error = heard(truth, truth.messages, "lane", refused)
    assert error is not None
    assert error.code == "UNAUTHENTICATED"
    assert "no ticket" in str(error)
    (batch,), *_ = heard(truth, truth.messages, "auto", refused)
    assert batch.carrier == "grpc"


def test_a_lane_that_falls_silent_is_hung_up_on_and_heartbeats_are_sent_meanwhile(truth: Truth) -> None:
    heard_of_us: list[bytes] = []
    with peer(lane=HEARTBEAT + framed(truth.messages[0]), silent=heard_of_us) as channel:
        listener = Listener(truth.run)
        opened(channel, truth.run, listener, "lane")
        error = listener.until(Over).error
    assert error is not None
    assert str(error).endswith("its lane was lost: nothing was heard of the server")
    assert HEARTBEAT in heard_of_us
