"""What planning needs to know of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from patchstream.plan.arrays import Integers
from patchstream.plan.label_set import location_classes
from patchstream.zyx import Zyx, zyx_of


class DescribedCase(Protocol):
    """A case as a server describes it."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    @property
    def shape(self) -> Sequence[int]:
        """Stored shape (C,Z,Y,X)."""
        ...

    @property
    def foreground_counts(self) -> Sequence[int]:
        """Stored locations of each class, in the order of `location_classes`."""
        ...


class DescribedDataset(Protocol):
    """What a case table is made of: `DataClient.describe_dataset` gives it."""

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of its content: a spec is resolved for it."""
        ...

    @property
    def channel_names(self) -> Sequence[str]:
        """Names of the image's channels."""
        ...

    @property
    def classes(self) -> Sequence[int]:
        """What foreground patches are drawn by, ascending."""
        ...

    @property
    def ignore_label(self) -> int | None:
        """The label value of voxels that nobody has labelled."""
        ...

    @property
    def cases(self) -> Sequence[DescribedCase]:
        """The stored cases."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class CaseTable:
    """The cases of a data set, in columns."""

    digest: str
    """SHA-256 (hex) of the data set's content."""
    classes: tuple[int, ...]
    """What foreground patches are drawn by, ascending: label values, or 1 to n for regions."""
    ignore_label: int | None
    channels: int
    """Of the images."""
    ids: tuple[str, ...]
    shapes: Integers
    """Stored (preprocessed) shapes (cases, 3), Z,Y,X in voxels."""
    location_counts: Integers
    """Stored locations (cases, lists) of each class, in the order of `location_classes`; 0 where a case has none."""
    rows: dict[str, int] = field(init=False)
    """The row of each case id."""

    def __post_init__(self) -> None:
        """Makes the index of the ids."""
        object.__setattr__(self, "rows", {case: row for row, case in enumerate(self.ids)})

    def shape_of(self, case: str) -> Zyx:
        """Stored shape (Z,Y,X) of a case."""
        return zyx_of(self.shapes[self.rows[case]])


def case_table(dataset: DescribedDataset) -> CaseTable:
    """The case table of a data set."""
    lists = len(location_classes(dataset.classes, dataset.ignore_label))
    counts = np.zeros((len(dataset.cases), max(lists, 1)), dtype=np.int64)
    for row, case in enumerate(dataset.cases):
        counts[row, : len(case.foreground_counts)] = case.foreground_counts
    return CaseTable(
        digest=dataset.digest,
        classes=tuple(dataset.classes),
        ignore_label=dataset.ignore_label,
        channels=len(dataset.channel_names),
        ids=tuple(case.id for case in dataset.cases),
        shapes=np.reshape(np.array([tuple(case.shape)[-3:] for case in dataset.cases], dtype=np.int64), (-1, 3)),
        location_counts=counts,
    )
