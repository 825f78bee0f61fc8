"""What a server says of a run."""

import json
from dataclasses import dataclass
from typing import Any

from .timeline import Timeline
from .wire.stream import TensorShape
from .zyx import Zyx


@dataclass(frozen=True, slots=True)
class RankShare:
    """What each rank from `first_rank` to before `end_rank` gets of a batch of a stage."""

    first_rank: int
    end_rank: int
    samples: int
    """Of each of these ranks."""
    loss_weight: float
    """ranks x samples / batch_size.

    What a rank's mean loss is multiplied by where the gradients of all ranks are averaged.
    """
    tensors: tuple[TensorShape, ...]
    byte_length: int
    """Of these tensors together."""


@dataclass(frozen=True, slots=True)
class RunStage:
    """A stage of a timeline."""

    stage: int
    first_step: int | None
    """The steps scheduled for it; `end_step` is outside. Both are None where the stage of each step is drawn."""
    end_step: int | None
    patch_size: Zyx
    """(Z,Y,X), voxels."""
    batch_size: int
    """Samples over all ranks."""
    shares: tuple[RankShare, ...]
    """Ascending by rank, without gaps: one entry, or two where some ranks get a sample more than others."""


@dataclass(frozen=True, slots=True)
class RunTimeline:
    """One timeline of a run."""

    steps: int
    epoch_first_steps: tuple[int, ...]
    stages: tuple[RunStage, ...]
    """Ascending; `val` has the last stage only."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server refuses beyond, with LIMIT_EXCEEDED or SERVER_BUSY."""

    max_outstanding_bytes: int
    max_outstanding_steps: int
    max_batch_bytes: int
    max_samples: int
    max_stage_decisions: int
    max_spec_bytes: int
    max_message_bytes: int
    max_streams: int
    max_streams_of_one_peer: int
    max_calls: int
    max_calls_of_one_peer: int
    max_stall_ms: int
    max_stall_when_needed_ms: int


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a run of a spec is, as a server says it."""

    spec_bytes: bytes
    """The resolved spec's canonical bytes: what the digest is taken over, and what servers are sent."""
    digest: str
    """SHA-256 (hex) of `spec_bytes`."""
    ranks: int
    """How many ranks the shares are for."""
    channels: int
    """Of the images."""
    train: RunTimeline
    val: RunTimeline
    plans_json: str
    """nnU-Net's plans.json for this run.

    The store's, with the patch, batch and network of the run's plan in `3d_fullres`.
    """
    dataset_json: str
    """nnU-Net's dataset.json, with the label values that batches have."""
    channels_last: bool
    """Images are (B,Z,Y,X,C)."""
    limits: Limits

    @property
    def spec(self) -> dict[str, Any]:
        """The resolved spec: every default is filled in."""
        return json.loads(self.spec_bytes)

    @property
    def plans(self) -> dict[str, Any]:
        """`plans_json`, read."""
        return json.loads(self.plans_json)

    @property
    def dataset(self) -> dict[str, Any]:
        """`dataset_json`, read."""
        return json.loads(self.dataset_json)

    def timeline(self, timeline: Timeline) -> RunTimeline:
        """`train` or `val`."""
        return self.train if timeline == "train" else self.val
