"""The lane's framing, which is gRPC's own: a byte of flags and the length of the message, before each message.

As in grpc-web the flag 0x80 marks the status that ends a call. An empty message says that its sender lives.
"""

LANE_SUFFIX = ".lane"
"""What stands behind the path of a server's Unix socket for its lane's."""
PREFIX_BYTES = 5
MESSAGE = 0
LAST = 0x80
MOST_MESSAGE_BYTES = 64 << 20
"""Of messages that are not chunks."""
HEARTBEAT = bytes(PREFIX_BYTES)
END = bytes([LAST, 0, 0, 0, 0])


def framed(message: bytes) -> bytes:
    """A message with its prefix."""
    return bytes([MESSAGE]) + len(message).to_bytes(4, "big") + message
