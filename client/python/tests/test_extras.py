"""Without an extra's packages, one line says what to install."""

from importlib import import_module
from importlib.util import find_spec

import pytest


@pytest.mark.skipif(find_spec("torch") is not None, reason="PyTorch is installed")
@pytest.mark.parametrize(("module", "extra"), [("torch", "torch"), ("monai", "monai"), ("lightning", "lightning")])
def test_what_is_missing_is_said_with_what_to_install(module: str, extra: str) -> None:
    with pytest.raises(ModuleNotFoundError) as missing:
        import_module(f"patchstream.{module}")
    assert "\n" not in str(missing.value)
    assert str(missing.value).endswith(f'pip install "patchstream[{extra}]"')
