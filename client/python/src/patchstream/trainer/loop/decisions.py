"""Who decides a stage, and when it counts: it is on disk before anybody is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patchstream.errors import PatchstreamError
from patchstream.run import Run
from patchstream.run_info import RunInfo
from patchstream.trainer.engine.ranks import Ranks
from patchstream.trainer.loop.adaptive import why_advance
from patchstream.trainer.loop.stage_requests import StageRequest, StageRequests
from patchstream.trainer.run_folder.decision_log import DecisionLog, LoggedDecision, decision_entry
from patchstream.trainer.run_folder.progress import Plateau
from patchstream.trainer.spec import Control
from patchstream.transport.schedule_of_run import schedule_of_run
from patchstream.transport.stage_timeline import StageChanged, StageDecision, StageTimeline

Emit = Callable[[Mapping[str, Any]], None]


def timeline_of(info: RunInfo, log: DecisionLog) -> StageTimeline:
    """Which stage each step has, by what is decided until now."""
    return StageTimeline(schedule_of_run(info, "train"), log.decisions)


def tell_decided(decision: LoggedDecision, emit: Emit) -> None:
    """As watchers are told it."""
    emit({"kind": "decided", "decided": decision_entry(decision)})


def decide_beginning(control: Control, log: DecisionLog, emit: Emit) -> None:
    """Where the schedule does not count, the first decision takes its place: stage 0, until another one."""
    if control.kind == "scheduled" or log.decisions:
        return
    text = f"training.control is {control.kind}: the schedule decides nothing"
    decision = LoggedDecision(0, 0, control.kind, hold=True, text=text)
    log.append([decision])
    tell_decided(decision, emit)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What stages of an open run are decided with. The first rank decides, and all ranks change to it."""

    run: Run
    control: Control
    log: DecisionLog
    ranks: Ranks
    emit: Emit
    requests: StageRequests

    def answer_requests(self, taken: int) -> None:
        """Answers the transitions by hand that were asked for until now, after `taken` steps."""
        requests = self.requests.take() if self.ranks.rank == 0 else []
        if not self.ranks.of_first(bool(requests)):
            return
        first_unwanted = self.ranks.largest(self.run.first_unwanted)
        answers = [self._answered(request, taken, first_unwanted) for request in requests]
        self._announce([decision for decision in answers if decision is not None])

    def advance_where_due(self, plateau: Plateau, taken: int) -> None:
        """Advances the stage under adaptive control after an epoch, where `plateau` asks for it.

        The next epoch begins with the next stage. A decision that is there for the next step or a later one goes
        before: it was made by hand, or before this training was resumed.
        """
        decision = self._due(plateau, taken) if self.ranks.rank == 0 else None
        if decision is not None:
            self._settle(decision)
        self._announce([] if decision is None else [decision])

    def _due(self, plateau: Plateau, taken: int) -> LoggedDecision | None:
        info, control = self.run.info, self.control
        stage = plateau.stage + 1
        is_last = stage >= len(info.train.stages) or taken == info.train.steps
        if control.kind != "adaptive" or is_last:
            return None
        if any(one.from_step >= taken for one in timeline_of(info, self.log).decisions):
            return None
        scheduled: int = info.spec["stages"][plateau.stage]["epochs"]
        most_epochs = max(control.least_epochs, scheduled) if control.most_epochs is None else control.most_epochs
        text = why_advance(plateau, control, most_epochs)
        return None if text is None else LoggedDecision(stage, taken, control.kind, hold=True, text=text)

    def _answered(self, request: StageRequest, taken: int, first_unwanted: int) -> LoggedDecision | None:
        """None for a request that is refused."""
        try:
            return self._decide_by_hand(request, taken, first_unwanted)
        except PatchstreamError as error:
            request.reject(error)
            return None

    def _decide_by_hand(self, request: StageRequest, taken: int, first_unwanted: int) -> LoggedDecision:
        """Decides, and answers: it holds whether or not a data server is told.

        Raises STEP_PASSED, STEP_UNKNOWN, STAGE_UNKNOWN, LIMIT_EXCEEDED for what cannot be decided, and WRITE_FAILED.
        """
        info = self.run.info
        from_step = max(first_unwanted, taken) if request.from_step is None else request.from_step
        if from_step < taken:
            raise PatchstreamError({"code": "STEP_PASSED", "step": from_step, "delivered": taken - 1})
        steps, last = info.train.steps, len(info.train.stages) - 1
        if from_step >= steps:
            facts = {"code": "STEP_UNKNOWN", "timeline": "train", "step": from_step, "steps": steps}
            raise PatchstreamError(facts)
        timeline = timeline_of(info, self.log)
        stage = timeline.stage_of(from_step) + 1 if request.stage is None else request.stage
        if stage > last:
            facts = {"code": "STAGE_UNKNOWN", "timeline": "train", "stage": stage, "first": 0, "last": last}
            raise PatchstreamError(facts)
        hold = request.hold or self.control.kind != "scheduled"
        change = StageDecision(stage, from_step, "manual", hold)
        timeline.add(change)
        schedule_from = timeline.resumes(change, steps)
        then = "" if schedule_from is None else f"; the schedule goes on at step {schedule_from}"
        decision = LoggedDecision(stage, from_step, "manual", hold, text=f"by hand, after step {taken - 1}{then}")
        self._settle(decision)
        request.resolve(StageChanged(stage, from_step, "manual", hold, schedule_from=schedule_from))
        return decision

    def _settle(self, decision: LoggedDecision) -> None:
        """The one way to a decision: on disk first, then told. Raises WRITE_FAILED, and nothing is decided then."""
        self.log.append([decision])
        tell_decided(decision, self.emit)

    def _announce(self, decided: Sequence[LoggedDecision]) -> None:
        """Has every rank want the decided stages. Data servers that do not answer change nothing about it."""
        for one in self.ranks.of_first(list(decided)):
            if self.ranks.rank > 0:
                self.log.append([one])
            self.run.change_stage(one.stage, one.from_step, reason=one.reason, hold=one.hold)
