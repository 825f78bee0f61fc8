"""Stores of a few cases of the sample whose labels mean something else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.serving import SAMPLE_DATA, patchstream

CASES = 7
REGIONS: Mapping[str, Any] = {
    "labels": {"background": 0, "hippocampus": [1, 2], "posterior": 2},
    "regions_class_order": [1, 2],
}
IGNORE: Mapping[str, Any] = {"labels": {"background": 0, "anterior": 1, "ignore": 2}}


def ingest(changes: Mapping[str, Any], folder: Path) -> Path:
    """A store of the sample's first cases, with `changes` in dataset.json."""
    source = folder / "Task04_Hippocampus"
    description = json.loads((SAMPLE_DATA / "dataset.json").read_text())
    for kind in ("imagesTr", "labelsTr"):
        (source / kind).mkdir(parents=True)
        for file in sorted((SAMPLE_DATA / kind).glob("*.nii.gz"))[:CASES]:
            (source / kind / file.name).symlink_to(file)
    (source / "dataset.json").write_text(json.dumps({**description, "numTraining": CASES, **changes}))
    patchstream("ingest", str(source), str(folder / "store"))
    return folder / "store"
