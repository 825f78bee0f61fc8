"""The plan of one batch, from what a server describes."""

from patchstream.plan.batch.batch_plan import BatchPlan
from patchstream.plan.batch.case_table import CaseTable, DescribedDataset
from patchstream.plan.described import DescribedRun, spec_of, table_of
from patchstream.plan.run_spec.resolved_spec import ResolvedSpec
from patchstream.plan.sampling.plan_batch import plan_share
from patchstream.timeline import Timeline


def plan_batch(
    run: ResolvedSpec | DescribedRun,
    dataset: CaseTable | DescribedDataset,
    step: int,
    stage: int | None = None,
    *,
    timeline: Timeline = "train",
    rank: int = 0,
    ranks: int = 1,
) -> BatchPlan:
    """Which crops make up a batch, or one rank's share of it, and what is done to each of them.

    `run` is `DataClient.describe_run`'s answer, `dataset` that of `describe_dataset`; who plans many batches of large
    data sets makes a `case_table` of it once. `stage` None is the scheduled one.

    Raises STAGE_UNKNOWN, STEP_UNKNOWN, REQUEST_INVALID for ranks that some stage cannot serve and for another data
    set than the run's, and NOT_FOUND for a drawn case that `dataset` lacks.
    """
    spec, cases = spec_of(run), table_of(dataset)
    return plan_share(spec, cases, step, timeline=timeline, stage=stage, rank=rank, ranks=ranks)
