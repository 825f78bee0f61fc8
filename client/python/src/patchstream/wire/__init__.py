"""Bytes between us and a data server: channels, calls, and streams over gRPC or a lane. It knows no run."""
