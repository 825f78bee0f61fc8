"""What a data set's lists of stored locations hold."""

from collections.abc import Sequence

ANNOTATED = 0
"""The class of a location list that holds voxels of every label but the ignore label, background included."""


def location_classes(classes: Sequence[int], ignore_label: int | None) -> tuple[int, ...]:
    """The classes that a case has lists of locations for: `classes`, and with an ignore label `ANNOTATED`, last.

    `classes` are what foreground patches are drawn by: the foreground's label values, or 1 to n for regions.
    """
    return tuple(classes) if ignore_label is None else (*classes, ANNOTATED)
