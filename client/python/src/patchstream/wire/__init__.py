"""Bytes between us and a data server: channels, calls, and streams over gRPC or a lane. It knows no run."""

import os

# gRPC's core writes lines of its own to stderr where a connection fails; what a user needs to know is in our errors.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
