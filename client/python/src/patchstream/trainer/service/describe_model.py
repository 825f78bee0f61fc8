"""Answers DescribeModel: what a checkpoint takes, and what its labels mean."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.checkpoint import no_checkpoint, read_checkpoint_header
from patchstream.trainer.run_folder.json_lines import to_json
from patchstream.v1 import data_pb2
from patchstream.v1 import trainer_pb2 as wire


def describe_model(file: Path, training: str) -> wire.DescribeModelResponse:
    """The checkpoint without its weights. Raises NOT_FOUND where there is none yet, INPUT_DAMAGED."""
    header = read_checkpoint_header(file)
    if header is None:
        raise no_checkpoint(training, file)
    trained_on: Mapping[str, Any] | None = header.fields.get("trainedOn")
    if trained_on is None:
        reason = "an older version wrote it, and it does not say how images were preprocessed"
        facts = {"file": str(file), "reason": reason, "want": "a checkpoint of this version"}
        hint = "Go on with its training for a step: the next checkpoint says it."
        raise PatchstreamError({"code": "INPUT_DAMAGED", **facts}, hint)
    label_set: Mapping[str, Any] = trained_on["labelSet"]
    regions = [
        data_pb2.LabelRegion(name=region["name"], values=region["values"], export_value=region["exportValue"])
        for region in label_set.get("regions", [])
    ]
    return wire.DescribeModelResponse(
        step=header.step,
        dataset=trained_on["name"],
        plans=to_json(trained_on["plans"]).encode(),
        channel_names=trained_on["channelNames"],
        labels=label_set["labels"],
        source_values=label_set["sourceValues"],
        classes=label_set["classes"],
        regions=regions,
        ignore_label=label_set.get("ignoreLabel"),
        patch_size=header.spec["plan"]["patchSize"],
    )
