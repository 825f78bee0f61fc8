"""Where metrics are served."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricsPlace:
    """Other addresses than this machine's show them to everybody who reaches them."""

    host: str
    port: int
    """0: any free one."""
