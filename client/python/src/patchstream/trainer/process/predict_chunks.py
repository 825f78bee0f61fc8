"""How labels travel."""

CHUNK_BYTES = 1 << 20
"""Below gRPC's 4 MiB message limit, large enough for full speed."""
