"""The stage decisions of a training, in `timeline.jsonl`."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from patchstream.errors import PatchstreamError
from patchstream.trainer.run_folder.json_lines import Entry, append_json_lines, prepare_json_lines, read_json_lines
from patchstream.trainer.run_folder.write_file import sync_folder
from patchstream.transport.stage_timeline import StageDecision

DECISIONS_FILE = "timeline.jsonl"


@dataclass(frozen=True, slots=True)
class LoggedDecision(StageDecision):
    """A decision as it is written down."""

    text: str = ""
    """What made it, in one line."""


def decision_entry(decision: LoggedDecision) -> Entry:
    """A decision as JSON files and events hold it."""
    return {
        "stage": decision.stage,
        "fromStep": decision.from_step,
        "reason": decision.reason,
        "hold": decision.hold,
        "text": decision.text,
    }


def decision_of(entry: Entry) -> LoggedDecision | None:
    """The decision that an entry is; None for anything else."""
    text = entry.get("text", "")
    match entry:
        case {"stage": int(stage), "fromStep": int(from_step), "reason": str(reason), "hold": bool(hold)}:
            is_one = min(stage, from_step) >= 0 and isinstance(text, str)
            return LoggedDecision(stage, from_step, reason, hold, text=text) if is_one else None
        case _:
            return None


def read_decisions(folder: Path) -> list[LoggedDecision]:
    """Those written down in a training's folder, in the order they were made. Raises INPUT_DAMAGED."""
    file = folder / DECISIONS_FILE
    found: list[LoggedDecision] = []
    for number, entry in enumerate(read_json_lines(file), 1):
        decision = decision_of(entry)
        if decision is None:
            facts = {"file": str(file), "reason": f"line {number} is no decision"}
            raise PatchstreamError({"code": "INPUT_DAMAGED", **facts, "want": "a stage, a step, a reason, and hold"})
        found.append(decision)
    return found


class DecisionLog:
    """The decisions and their one writer, the training's process: on disk before a decision is announced."""

    def __init__(self, folder: Path | None, decisions: Iterable[LoggedDecision]) -> None:
        """`folder` None: another rank writes them down, and this one follows."""
        self._file = None if folder is None else folder / DECISIONS_FILE
        self._decisions = list(decisions)

    @property
    def decisions(self) -> tuple[LoggedDecision, ...]:
        """In the order they were made."""
        return tuple(self._decisions)

    def append(self, decisions: Iterable[LoggedDecision]) -> None:
        """Returns when the decisions are on disk. Raises WRITE_FAILED, and nothing is decided then."""
        more = list(decisions)
        if more and self._file is not None:
            append_json_lines(self._file, map(decision_entry, more), durable=True)
        self._decisions += more


def open_decision_log(folder: Path) -> DecisionLog:
    """The log in `folder`, with what was decided there before. Raises INPUT_DAMAGED, WRITE_FAILED."""
    decisions = read_decisions(folder)
    prepare_json_lines(folder / DECISIONS_FILE)
    sync_folder(folder)
    return DecisionLog(folder, decisions)
