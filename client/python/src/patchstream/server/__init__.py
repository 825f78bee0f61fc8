"""The server that the wheel holds: the command `patchstream`, and a server of one's own for a program."""

from patchstream.server.program import command

__all__ = ["command"]
