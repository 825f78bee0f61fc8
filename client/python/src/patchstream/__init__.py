"""Progressive patch-size curricula for 3D medical segmentation, streamed from patchstream data servers."""

from .batch import Batch, Sample
from .client import DataClient, connect
from .dataset_info import CaseGeometry, DatasetCase, DatasetInfo, LabelRegion
from .errors import PatchstreamError
from .run import Run, RunState
from .run_info import Limits, RankShare, RunInfo, RunStage, RunTimeline
from .server.local import local
from .spec_input import SpecInput
from .timeline import Timeline
from .transport.fleet_standing import AwaitedBatch, FleetStanding, ReplicaStanding, ReplicaState
from .transport.read_calls import Preview, Region
from .transport.stage_timeline import StageChanged, StageDecision
from .wire.stream import Carrier, CarrierChoice, TensorShape

__all__ = [
    "AwaitedBatch",
    "Batch",
    "Carrier",
    "CarrierChoice",
    "CaseGeometry",
    "DataClient",
    "DatasetCase",
    "DatasetInfo",
    "FleetStanding",
    "LabelRegion",
    "Limits",
    "PatchstreamError",
    "Preview",
    "RankShare",
    "Region",
    "ReplicaStanding",
    "ReplicaState",
    "Run",
    "RunInfo",
    "RunStage",
    "RunState",
    "RunTimeline",
    "Sample",
    "SpecInput",
    "StageChanged",
    "StageDecision",
    "TensorShape",
    "Timeline",
    "connect",
    "local",
]
