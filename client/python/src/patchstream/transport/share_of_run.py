"""What one rank's batches of a run look like, by what a server said of it."""

from collections.abc import Callable
from functools import cache

from ..errors import refuse_request
from ..run_info import RunInfo, RunStage
from ..timeline import Timeline
from ..wire.stream import ExpectedBatch, broken_protocol


def check_rank(info: RunInfo, rank: int, ranks: int) -> None:
    """Raises REQUEST_INVALID where some rank would get no sample of some batch, and for a rank that is not 0 to ranks -
    1.
    """
    smallest = min(stage.batch_size for timeline in (info.train, info.val) for stage in timeline.stages)
    if not 1 <= ranks <= smallest:
        raise refuse_request("ranks", ranks, f"an integer from 1 to {smallest}, the smallest batch of the run")
    if not 0 <= rank < ranks:
        raise refuse_request("rank", rank, f"an integer from 0 to {ranks - 1} (of {ranks} ranks)")


def described_stage(info: RunInfo, timeline: Timeline, stage: int) -> RunStage:
    """A stage of a timeline. Raises INTERNAL where the server said nothing of it."""
    found = next((one for one in info.timeline(timeline).stages if one.stage == stage), None)
    if found is None:
        raise broken_protocol(f"stage {stage} was not described")
    return found


def expected_batch(info: RunInfo, timeline: Timeline, rank: int, stage: int) -> ExpectedBatch:
    """What this rank's batches of a stage must look like."""
    described = described_stage(info, timeline, stage)
    share = next((one for one in described.shares if rank < one.end_rank), None)
    if share is None:
        raise broken_protocol(f"rank {rank} of stage {stage} was not described")
    return ExpectedBatch(stage, described.batch_size, share.samples, share.tensors, share.byte_length)


def expected_batches(info: RunInfo, timeline: Timeline, rank: int) -> Callable[[int], ExpectedBatch]:
    """`expected_batch` of every stage, each looked up once."""

    @cache
    def expected(stage: int) -> ExpectedBatch:
        return expected_batch(info, timeline, rank, stage)

    return expected


def loss_weights(info: RunInfo, timeline: Timeline, rank: int) -> dict[int, float]:
    """By stage: what a rank's mean loss is multiplied by where the gradients of all ranks are averaged."""
    return {
        stage.stage: next(share.loss_weight for share in stage.shares if rank < share.end_rank)
        for stage in info.timeline(timeline).stages
    }
