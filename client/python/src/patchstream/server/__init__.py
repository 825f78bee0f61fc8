"""The data server that the wheel holds: the command `patchstream`, and a server of one's own for a program."""
