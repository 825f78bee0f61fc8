"""Which version of patchstream this is."""

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """Of the installed package; "unknown" where it runs from its sources."""
    try:
        return version("patchstream")
    except PackageNotFoundError:
        return "unknown"
