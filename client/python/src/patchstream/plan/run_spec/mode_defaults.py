"""How batches are built unless the spec says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from patchstream.plan.curriculum.modes import Mode
from patchstream.plan.run_spec.resolved_spec import NNUNET_FOREGROUND_FRACTION, Strategy


@dataclass(frozen=True, slots=True)
class BatchDefaults:
    """Of a mode."""

    strategy: Strategy
    foreground_fraction: float


_NNUNET = BatchDefaults("nnunet", NNUNET_FOREGROUND_FRACTION)

MODE_DEFAULTS: Mapping[Mode, BatchDefaults] = {
    "constant": _NNUNET,
    "efficiency": _NNUNET,
    "performance": BatchDefaults("split-crop", 0.5),
    "progressive-resolution": _NNUNET,
    "pgps": BatchDefaults("nnunet", 0.5),
    "pgps-plus": BatchDefaults("single-crop", 0.5),
    "rpss": BatchDefaults("nnunet", 0.5),
}
"""As the paper (2.4.1, 2.4.2, 3.4, Appendix A), and for the last three modes the 2024 code, build batches."""
