"""How far a training has come, as its events tell it."""

import json
import os
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from typing import Any, TypeAlias, cast

from patchstream.trainer.run_folder.json_lines import Entry

Standing: TypeAlias = Mapping[str, Any]
"""What a list of trainings says of one, in the wire's terms."""

NOT_BEGUN: Standing = {"stepsTaken": 0, "steps": 0, "stage": 0}

_BLOCK_BYTES = 1 << 16
_MOST_BLOCKS = 16
"""An epoch's steps and a large evaluation lie between its end and the end of the file."""


def standing_after(standing: Standing, event: Entry) -> Standing:
    """How far it has come after one more event."""
    match event["kind"]:
        case "opened":
            opened = event["opened"]
            return {**standing, "steps": opened["steps"], "stepsTaken": opened["firstStep"]}
        case "step":
            step = event["step"]
            return {**standing, "stepsTaken": step["step"] + 1, "stage": step["stage"]}
        case "epoch":
            dice = event["epoch"].get("smoothedPseudoDice")
            others = {name: value for name, value in standing.items() if name != "smoothedPseudoDice"}
            return others if dice is None else {**others, "smoothedPseudoDice": dice}
        case _:
            return standing


def read_standing(file: Path) -> Standing:
    """How far the training has come whose events are in `file`.

    From the file's first block, and as many of its last ones as it takes to find a step and the end of an epoch. What
    is not found there is not told.
    """
    with file.open("rb") as opened:
        descriptor = opened.fileno()
        size = os.fstat(descriptor).st_size
        first = [one for one in _events_in(os.pread(descriptor, _BLOCK_BYTES, 0)) if one["kind"] == "opened"]
        tail, begin = b"", size
        for _ in range(_MOST_BLOCKS):
            length = min(begin, _BLOCK_BYTES)
            block = os.pread(descriptor, length, begin - length)
            tail, begin = block + tail, begin - length
            is_enough = b'{"kind":"step"' in tail and b'{"kind":"epoch"' in tail
            if is_enough or begin == 0 or b"\n" not in block:
                break
    return reduce(standing_after, [*first, *_events_in(tail)], NOT_BEGUN)


def _events_in(content: bytes) -> Iterator[Entry]:
    """The events on whole lines; what is cut off or damaged is left out: whoever follows the log is told."""
    for line in content.split(b"\n"):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and "kind" in event:
            yield cast(Entry, event)
