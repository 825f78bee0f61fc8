"""The plan of a run in numpy: its stages, its steps, and which crop every sample of every batch is.

A batch is a function of (run digest, timeline, step, stage). What is drawn here are the numbers that a server draws, so
a client can say what a batch must be before it comes, and check it when it has come.
"""

from patchstream.plan.augment.transform import Transform
from patchstream.plan.batch.batch_plan import BatchPlan, PlannedSample
from patchstream.plan.batch.case_table import CaseTable, case_table
from patchstream.plan.batch.run_timeline import run_timeline
from patchstream.plan.batch.tensors import share_tensors
from patchstream.plan.batch.timeline import (
    epoch_first_steps,
    scheduled_stage_of,
    scheduled_steps,
    stage_of,
    stages_of,
    steps_of,
)
from patchstream.plan.curriculum.levels import deep_label_sizes
from patchstream.plan.curriculum.modes import MODES, Mode
from patchstream.plan.curriculum.schedule import scheduled_stages
from patchstream.plan.curriculum.stage import NetworkPlan, Stage
from patchstream.plan.plan_batch import plan_batch
from patchstream.plan.resolve_stages import resolve_stages
from patchstream.plan.run_spec.read_spec import read_network_plan, read_spec
from patchstream.plan.run_spec.resolved_spec import RECIPE, ResolvedSpec, Split
from patchstream.plan.sampling.box import located_start
from patchstream.plan.sampling.splits import fold_split
from patchstream.plan.verify_batch import verify_batch
from patchstream.plan.verify_run import verify_run

__all__ = [
    "MODES",
    "RECIPE",
    "BatchPlan",
    "CaseTable",
    "Mode",
    "NetworkPlan",
    "PlannedSample",
    "ResolvedSpec",
    "Split",
    "Stage",
    "Transform",
    "case_table",
    "deep_label_sizes",
    "epoch_first_steps",
    "fold_split",
    "located_start",
    "plan_batch",
    "read_network_plan",
    "read_spec",
    "resolve_stages",
    "run_timeline",
    "scheduled_stage_of",
    "scheduled_stages",
    "scheduled_steps",
    "share_tensors",
    "stage_of",
    "stages_of",
    "steps_of",
    "verify_batch",
    "verify_run",
]
