import pytest

from patchstream import PatchstreamError, StageChanged
from patchstream.transport.asked_steps import AskedSteps, Want
from patchstream.wire.stream import Cancelled, StageApplied


def asked(*steps: int, stage: int = 0) -> AskedSteps:
    steps_asked = AskedSteps()
    for step in steps:
        steps_asked.ask(Want(step, stage, 10), now=step)
    return steps_asked


def never(_: Want) -> bool:
    return False


def test_what_is_owed_is_counted_in_steps_and_bytes_and_since_when() -> None:
    steps = asked(3, 4)
    assert (steps.outstanding, steps.outstanding_bytes, steps.oldest_asked_at) == (2, 20, 3)
    steps.began(3, 0)
    want, took_s = steps.ended(3, now=7)
    assert (want.step, took_s) == (3, 4)
    assert (steps.outstanding, steps.oldest_asked_at, steps.has(3)) == (1, 4, False)


def test_a_batch_after_another_took_the_time_in_between() -> None:
    steps = asked(3, 4)
    steps.began(3, 0)
    steps.ended(3, now=7)
    steps.began(4, 0)
    assert steps.ended(4, now=9)[1] == 2


def test_a_batch_that_was_not_wanted_breaks_the_protocol() -> None:
    for step, stage in ((5, 0), (3, 1)):
        with pytest.raises(PatchstreamError, match="which was not wanted"):
            asked(3).began(step, stage)


def test_a_report_takes_back_what_has_not_begun_and_the_server_may_still_send_one_of_them() -> None:
    steps = asked(3, 4, 5)
    changed = StageChanged(1, 4, schedule_from=9)
    steps.report(changed, never)
    assert [steps.has(step) for step in (3, 4, 5)] == [True, False, False]
    assert steps.outstanding == 2  # step 3, and one that may have begun
    steps.ask(Want(4, 1, 20), now=10)
    assert steps.began(4, 0) == Want(4, 0, 10)  # the older one
    steps.ended(4, now=11)
    assert steps.has(4)
    steps.confirmed(StageApplied(1, 4, 9))
    assert steps.began(4, 1) == Want(4, 1, 20)


def test_a_batch_that_has_begun_is_kept_where_it_is_still_needed() -> None:
    steps = asked(3, 4)
    steps.began(3, 0)
    steps.report(StageChanged(0, 3), lambda _: True)
    assert (steps.has(3), steps.has(4)) == (True, False)


def test_a_batch_that_has_begun_for_another_stage_ends_beside_its_successor() -> None:
    steps = asked(3, 4)
    steps.began(3, 0)
    steps.report(StageChanged(1, 3), never)
    steps.ask(Want(3, 1, 20), now=5)
    assert steps.ended(3, now=6)[0] == Want(3, 0, 10)
    assert steps.has(3)


def test_a_want_is_taken_back_unless_it_has_begun() -> None:
    steps = asked(3, 4)
    steps.began(3, 0)
    assert not steps.take_back(3)
    assert steps.take_back(4)
    assert not steps.take_back(4)
    steps.confirmed(Cancelled(4, 1))
    assert steps.outstanding == 1


def test_an_answer_to_what_was_not_sent_is_damage() -> None:
    steps = asked(3)
    with pytest.raises(PatchstreamError, match="was damaged on its way"):
        steps.confirmed(Cancelled(3, 1))
    steps.report(StageChanged(1, 2, schedule_from=None), never)
    with pytest.raises(PatchstreamError, match="was damaged on its way"):
        steps.confirmed(StageApplied(1, 2, 7))
