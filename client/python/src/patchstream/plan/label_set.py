"""What a data set's label values and location lists mean."""

from collections.abc import Sequence
from dataclasses import dataclass

ANNOTATED = 0
"""The class of a location list that holds voxels of every label but the ignore label, background included."""


@dataclass(frozen=True, slots=True)
class LabelRegion:
    """A region: a union of label values that is learnt and sampled as one, nnU-Net's region-based training."""

    name: str
    values: tuple[int, ...]
    """The stored label values that it is made of, ascending."""


@dataclass(frozen=True, slots=True)
class LabelSet:
    """What label values mean. Stored values are 0 to n - 1 without a gap."""

    classes: tuple[int, ...]
    """What foreground patches are drawn by, ascending: the foreground values, or 1 to n for regions, in their order."""
    value_count: int
    """How many stored values there are; the ignore label, if there is one, is the last."""
    regions: tuple[LabelRegion, ...] = ()
    """In the order of `classes`; empty where classes are single values."""
    ignore_label: int | None = None
    """The stored value of voxels that nobody has labelled; the largest one."""


def location_classes(classes: Sequence[int], ignore_label: int | None) -> tuple[int, ...]:
    """The classes that a case has lists of locations for: `classes`, and with an ignore label `ANNOTATED`, last."""
    return tuple(classes) if ignore_label is None else (*classes, ANNOTATED)


def values_of_class(labels: LabelSet, of: int) -> tuple[int, ...]:
    """The stored label values of a class of `location_classes`."""
    if of == ANNOTATED:
        # nnU-Net counts -1, what the crop masked, as annotated (default_preprocessor.py).
        return (-1, *(value for value in range(labels.value_count) if value != labels.ignore_label))
    return labels.regions[labels.classes.index(of)].values if labels.regions else (of,)


def foreground_values(labels: LabelSet) -> tuple[int, ...]:
    """The stored values of foreground voxels, ascending."""
    return tuple(value for value in range(1, labels.value_count) if value != labels.ignore_label)
