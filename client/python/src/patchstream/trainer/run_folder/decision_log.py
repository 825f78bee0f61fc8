"""The stage decisions of a training, in `timeline.jsonl`."""

from collections.abc import Iterable
from pathlib import Path

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.json_lines import Entry, append_json_lines, prepare_json_lines, read_json_lines
from patchstream.trainer.run_folder.write_file import sync_folder
from patchstream.transport.stage_timeline import StageDecision

DECISIONS_FILE = "timeline.jsonl"


def decision_entry(decision: StageDecision) -> Entry:
    """A decision as JSON files hold it."""
    return {
        "stage": decision.stage,
        "fromStep": decision.from_step,
        "reason": decision.reason,
        "hold": decision.hold,
    }


def decision_of(entry: Entry) -> StageDecision | None:
    """The decision that an entry is; None for anything else."""
    match entry:
        case {"stage": int(stage), "fromStep": int(from_step), "reason": str(reason), "hold": bool(hold)}:
            return StageDecision(stage, from_step, reason, hold) if min(stage, from_step) >= 0 else None
        case _:
            return None


def read_decisions(folder: Path) -> list[StageDecision]:
    """Those written down in a training's folder, in the order they were made. Raises INPUT_DAMAGED."""
    file = folder / DECISIONS_FILE
    found: list[StageDecision] = []
    for number, entry in enumerate(read_json_lines(file), 1):
        decision = decision_of(entry)
        if decision is None:
            facts = {"file": str(file), "reason": f"line {number} is no decision"}
            raise PatchstreamError({"code": "INPUT_DAMAGED", **facts, "want": "a stage, a step, a reason, and hold"})
        found.append(decision)
    return found


class DecisionLog:
    """The decisions and their one writer, the training's process: on disk before a decision is announced."""

    def __init__(self, folder: Path) -> None:
        """Opens the log in `folder`, with what was decided there before. Raises INPUT_DAMAGED, WRITE_FAILED."""
        self._file = folder / DECISIONS_FILE
        self._decisions = read_decisions(folder)
        prepare_json_lines(self._file)
        sync_folder(folder)

    @property
    def decisions(self) -> tuple[StageDecision, ...]:
        """In the order they were made."""
        return tuple(self._decisions)

    def append(self, decisions: Iterable[StageDecision]) -> None:
        """Returns when the decisions are on disk. Raises WRITE_FAILED, and nothing is decided then."""
        more = list(decisions)
        if more:
            append_json_lines(self._file, map(decision_entry, more), durable=True)
            self._decisions += more
