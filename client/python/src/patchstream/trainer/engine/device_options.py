"""How what computes is used."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceOptions:
    """On a CPU nothing but `threads` counts."""

    threads: int
    full_precision: bool = False
    """Forward passes on a GPU are float32 too."""
    compile: bool = False
    """Networks on a GPU are compiled by torch.compile."""
