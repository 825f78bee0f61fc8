"""A warning where mirroring shows one class where a label says another (the paper's Appendix B)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_DIRECTIONS = re.compile("left|right|upper|lower|anterior|posterior", re.IGNORECASE)


def mirroring_warning(augmentation: Iterable[Mapping[str, Any]], labels: Iterable[str]) -> Mapping[str, Any] | None:
    """The event's body where mirroring is on and label names hold a direction; None where not."""
    directed = [name for name in labels if _DIRECTIONS.search(name)]
    if not directed or not any(one["kind"] == "mirror" for one in augmentation):
        return None
    names = ", ".join(directed if len(directed) <= 4 else [*directed[:3], f"{len(directed) - 3} more"])
    advice = 'switch it off: "augmentation": "nnunet-nomirror".'
    text = f"Mirroring is on, but labels tell directions ({names}); {advice}"
    return {"code": "mirroring-directions", "text": text}
