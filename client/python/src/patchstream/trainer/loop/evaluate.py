"""Dice of the held-out cases on their original grid."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchstream.client import DataClient
from patchstream.dataset_info import DatasetCase, DatasetInfo
from patchstream.errors import PatchstreamError
from patchstream.trainer.inference.export_label import region_values
from patchstream.trainer.inference.geometry import GridGeometry, geometry_of
from patchstream.trainer.loop.summary import metrics_of, summary_of

Label = Callable[[NDArray[np.float32], GridGeometry, Sequence[int] | None], NDArray[np.uint8]]
"""The label (Z,Y,X of the source file), in stored values, of a stored image (C,Z,Y,X), given the values of regions."""


@dataclass(frozen=True, slots=True)
class EvaluatedClass:
    """A foreground class or a region."""

    name: str
    source_value: int
    """What the source's files call a predicted voxel of it."""
    values: tuple[int, ...]
    """Its stored values."""


def evaluated_classes(dataset: DatasetInfo) -> list[EvaluatedClass]:
    """In the order of the data set's `classes`."""
    if dataset.regions:
        return [EvaluatedClass(region.name, region.export_value, region.values) for region in dataset.regions]
    names = {value: name for name, value in dataset.labels.items()}
    classes: list[EvaluatedClass] = []
    for value in dataset.classes:
        in_files = dataset.source_values[value] if value < len(dataset.source_values) else value
        classes.append(EvaluatedClass(names.get(value, str(in_files)), in_files, (value,)))
    return classes


Keep = Callable[[DatasetCase, NDArray[np.integer]], str]
"""Keeps the label of a case, in the source's values, and says where."""


def evaluate_cases(
    client: DataClient,
    dataset: DatasetInfo,
    cases: Sequence[str],
    label_of: Label,
    keep: Keep,
    tell: Callable[[Mapping[str, Any]], None],
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The body of the event `evaluated`, and nnU-Net's summary; `tell` gets that of a case once its label is kept."""
    classes = evaluated_classes(dataset)
    export = region_values([region.export_value for region in dataset.regions], dataset.source_values)
    in_files = np.asarray(dataset.source_values)
    sets = [[int(in_files[value]) for value in one.values] for one in classes]
    ignored = None if dataset.ignore_label is None else int(in_files[dataset.ignore_label])
    every: list[list[float | None]] = []
    summarised: list[Mapping[str, Any]] = []
    for name in cases:
        began = perf_counter()
        case = stored_case(dataset, name)
        label = in_files[label_of(client.read_image(name), geometry_of(case), export)]
        reference = in_files[client.read_reference(name)]
        metrics = [metrics_of(label, reference, values, ignored) for values in sets]
        dice = [None if np.isnan(one["Dice"]) else one["Dice"] for one in metrics]
        every.append(dice)
        files = {"prediction_file": keep(case, label), "reference_file": f"{dataset.name}/{name}"}
        summarised.append({**files, "metrics": metrics})
        voxels = [_voxels(values, one) for values, one in zip(sets, metrics, strict=True)]
        told = {"case": name, "classes": named(classes, dice), "seconds": perf_counter() - began, "voxels": voxels}
        tell(told)
    per_class = [_mean([dice[index] for dice in every]) for index in range(len(classes))]
    mean = _mean(per_class)
    evaluated = {
        "cases": len(cases),
        "classes": named(classes, per_class),
        **({} if mean is None else {"meanDice": mean}),
        "checkpoint": "CHECKPOINT_KIND_LATEST",
    }
    return evaluated, summary_of(sets, summarised)


def stored_case(dataset: DatasetInfo, name: str) -> DatasetCase:
    """Raises NOT_FOUND."""
    for case in dataset.cases:
        if case.id == name:
            return case
    known = [case.id for case in dataset.cases]
    raise PatchstreamError({"code": "NOT_FOUND", "what": "case", "name": name, "known": known})


def named(classes: Sequence[EvaluatedClass], dice: Sequence[float | None]) -> list[Mapping[str, Any]]:
    """Dice of each class, in the wire's terms."""
    return [
        {"class": one.source_value, "name": one.name, **({} if value is None else {"dice": value})}
        for one, value in zip(classes, dice, strict=True)
    ]


def _voxels(values: Sequence[int], metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the Dice of a class is made of, in the wire's terms."""
    counts = {"truePositive": "TP", "falsePositive": "FP", "falseNegative": "FN", "trueNegative": "TN"}
    return {"values": list(values), **{name: metrics[short] for name, short in counts.items()}}


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None
