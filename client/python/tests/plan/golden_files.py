"""What TypeScript has written down of the plan: `npm run golden:python`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patchstream.plan import CaseTable, case_table

_FOLDER = Path(__file__).parent / "golden"


def golden(name: str) -> Sequence[Mapping[str, Any]]:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf8"))


@dataclass(frozen=True)
class GoldenCase:
    id: str
    shape: Sequence[int]
    foreground_counts: Sequence[int]


@dataclass(frozen=True)
class GoldenDataset:
    digest: str
    channel_names: Sequence[str]
    classes: Sequence[int]
    ignore_label: int | None
    cases: Sequence[GoldenCase]


def table_of(dataset: Mapping[str, Any]) -> CaseTable:
    cases = [GoldenCase(one["id"], [1, *one["shape"]], one["foregroundCounts"]) for one in dataset["cases"]]
    names = [f"channel {number}" for number in range(dataset["channels"])]
    return case_table(GoldenDataset("6" * 64, names, dataset["classes"], dataset.get("ignoreLabel"), cases))
