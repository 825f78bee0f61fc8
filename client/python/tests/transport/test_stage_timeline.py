import pytest

from patchstream import PatchstreamError, StageDecision
from patchstream.transport.stage_timeline import MOST_DECISIONS, Schedule, StageTimeline

IN_ORDER = Schedule("scheduled", lambda step: step // 10)


def test_a_decision_holds_until_the_schedule_reaches_a_later_stage() -> None:
    stages = StageTimeline(IN_ORDER, [StageDecision(2, 4)])
    assert [stages.stage_of(step) for step in (3, 4, 29, 30)] == [0, 2, 2, 3]
    assert stages.resumes(StageDecision(2, 4), 50) == 30


def test_a_decision_that_holds_ends_with_the_run() -> None:
    decision = StageDecision(0, 25, hold=True)
    stages = StageTimeline(IN_ORDER, [decision])
    assert [stages.stage_of(step) for step in (24, 25, 49)] == [2, 0, 0]
    assert stages.resumes(decision, 50) is None


def test_an_earlier_stage_holds_until_the_schedule_is_past_the_one_it_replaced() -> None:
    stages = StageTimeline(IN_ORDER, [StageDecision(0, 12)])
    assert [stages.stage_of(step) for step in (11, 12, 19, 20)] == [1, 0, 0, 2]


def test_a_decision_ends_every_one_that_began_at_its_step_or_later() -> None:
    stages = StageTimeline(IN_ORDER, [StageDecision(3, 4), StageDecision(4, 8), StageDecision(1, 6)])
    assert [(one.stage, one.from_step) for one in stages.decisions] == [(3, 4), (1, 6)]
    assert [stages.stage_of(step) for step in (5, 6, 8)] == [3, 1, 1]


def test_where_stages_are_drawn_a_decision_holds_to_the_end() -> None:
    stages = StageTimeline(Schedule("random", lambda step: step % 3), [StageDecision(1, 5)])
    assert [stages.stage_of(step) for step in (4, 5, 6, 99)] == [1, 1, 1, 1]
    assert stages.stage_of(3) == 0


def test_more_decisions_than_any_run_makes_are_refused() -> None:
    stages = StageTimeline(IN_ORDER, (StageDecision(0, step) for step in range(MOST_DECISIONS)))
    with pytest.raises(PatchstreamError, match=r"max_stage_decisions is 4097; at most 4096 is allowed"):
        stages.add(StageDecision(0, MOST_DECISIONS))
