"""What an extra of the package brings."""

from importlib.util import find_spec


def need(module: str, *, extra: str, feature: str) -> None:
    """Raises ModuleNotFoundError with what to install where `module` is not installed."""
    if find_spec(module) is None:
        raise ModuleNotFoundError(f'{feature} needs {module}: pip install "patchstream[{extra}]"', name=module)
