"""What a model must know of the data that it was trained on, so that it labels new images without a data server."""

from collections.abc import Mapping
from typing import Any

from patchstream.dataset_info import DatasetInfo
from patchstream.run_info import RunInfo


def trained_on(info: RunInfo, dataset: DatasetInfo) -> Mapping[str, Any]:
    """As a checkpoint's header holds it: nnU-Net's plans of the run, channels, and what the outputs stand for."""
    label_set: dict[str, Any] = {
        "labels": dataset.labels,
        "sourceValues": dataset.source_values,
        "classes": dataset.classes,
    }
    if dataset.regions:
        label_set["regions"] = [
            {"name": region.name, "values": region.values, "exportValue": region.export_value}
            for region in dataset.regions
        ]
    if dataset.ignore_label is not None:
        label_set["ignoreLabel"] = dataset.ignore_label
    return {
        "name": dataset.name,
        "plans": info.plans,
        "channelNames": dataset.channel_names,
        "labelSet": label_set,
    }
