import math

import pytest

from patchstream import PatchstreamError
from patchstream.transport.decide_stage import RunProgress, StageProposal, decide_stage

PROGRESS = RunProgress(first_undelivered=10, first_unwanted=14)


def test_a_change_begins_at_the_first_step_not_wanted_or_not_delivered_or_where_it_says() -> None:
    assert decide_stage(StageProposal(1), PROGRESS).from_step == 14
    assert decide_stage(StageProposal(1, immediate=True), PROGRESS).from_step == 10
    assert [decide_stage(StageProposal(1, step), PROGRESS).from_step for step in (10, 12, 99)] == [10, 12, 99]


def test_a_delivered_step_is_refused_by_name() -> None:
    with pytest.raises(PatchstreamError) as refused:
        decide_stage(StageProposal(1, 9), PROGRESS)
    assert refused.value.facts == {"code": "STEP_PASSED", "step": 9, "delivered": 9}
    assert refused.value.hint == "Name step 10 or a later one."


@pytest.mark.parametrize(
    ("proposal", "field"),
    [
        (StageProposal(1, -1), "from_step"),
        (StageProposal(1, reason="x" * 201), "reason"),
        (StageProposal(1, metrics={"loss": math.nan}), "metrics"),
        (StageProposal(1, metrics={str(number): 0.0 for number in range(65)}), "metrics"),
    ],
)
def test_what_a_server_would_refuse_is_refused_by_field(proposal: StageProposal, field: str) -> None:
    with pytest.raises(PatchstreamError) as refused:
        decide_stage(proposal, PROGRESS)
    assert refused.value.code == "REQUEST_INVALID"
    assert refused.value.facts["field"] == field
