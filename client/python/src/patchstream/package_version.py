"""Which version of patchstream this is."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache  # A look at the disk, and each traced step asks.
def package_version() -> str:
    """Of the installed package; "unknown" where it runs from its sources."""
    try:
        return version("patchstream")
    except PackageNotFoundError:
        return "unknown"
