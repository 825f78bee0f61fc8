"""What an extra of the package brings."""


def needs_extra(feature: str, extra: str, missing: ModuleNotFoundError) -> ModuleNotFoundError:
    """What to install, in one line, where an import has found something missing."""
    return ModuleNotFoundError(f'{feature} needs {missing.name}: pip install "patchstream[{extra}]"', name=missing.name)
