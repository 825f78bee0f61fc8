"""One timeline of a run, as DescribeRun tells it."""

from patchstream.plan.batch.share import share_size
from patchstream.plan.batch.tensors import share_tensors
from patchstream.plan.batch.timeline import epoch_first_steps, scheduled_steps, stage_of, stages_of, steps_of
from patchstream.plan.run_spec.resolved_spec import ResolvedSpec
from patchstream.run_info import RankShare, RunStage, RunTimeline
from patchstream.timeline import Timeline


def run_timeline(spec: ResolvedSpec, channels: int, *, timeline: Timeline = "train", ranks: int = 1) -> RunTimeline:
    """A timeline of a run whose batches `ranks` ranks share; `channels` is the data set's."""

    def share(stage: int, first_rank: int, end_rank: int) -> RankShare:
        batch_size = stage_of(spec, timeline, stage).batch_size
        samples = share_size(batch_size, first_rank, ranks)
        tensors = share_tensors(spec, channels, stage, timeline=timeline, rank=first_rank, ranks=ranks)
        byte_length = sum(tensor.byte_length for tensor in tensors)
        return RankShare(first_rank, end_rank, samples, ranks * samples / batch_size, tensors, byte_length)

    def run_stage(stage: int) -> RunStage:
        planned, steps = stage_of(spec, timeline, stage), scheduled_steps(spec, timeline, stage)
        larger = planned.batch_size % ranks
        return RunStage(
            stage=stage,
            first_step=None if steps is None else steps.start,
            end_step=None if steps is None else steps.stop,
            patch_size=planned.patch_size,
            batch_size=planned.batch_size,
            shares=tuple(share(stage, *among) for among in ((0, larger), (larger, ranks)) if among[0] < among[1]),
        )

    return RunTimeline(
        steps=steps_of(spec, timeline),
        epoch_first_steps=tuple(epoch_first_steps(spec, timeline)),
        stages=tuple(run_stage(stage) for stage in stages_of(spec, timeline)),
    )
