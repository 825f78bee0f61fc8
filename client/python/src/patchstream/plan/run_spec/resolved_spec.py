"""The data half of a run spec with every default filled in."""

from dataclasses import dataclass
from typing import Literal, get_args

from patchstream.plan.augment.augmentation import Augmentation
from patchstream.plan.curriculum.stage import NetworkPlan, Stage

RECIPE = 2
"""The integer that rises whenever the bytes of any address change."""

NNUNET_FOREGROUND_FRACTION = 0.33
"""nnU-Net's share of foreground patches in a batch."""

StageOrder = Literal["scheduled", "random"]
"""Whether a step's stage follows from the epochs, or is drawn from the seed (RPSS)."""

Strategy = Literal["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"]
"""Which cases the samples of a batch come from (paper, Appendix A)."""

ImageType = Literal["f32", "f16", "bf16"]
LabelType = Literal["u8", "i16"]
Layout = Literal["channels-first", "channels-last"]

STAGE_ORDERS: tuple[StageOrder, ...] = get_args(StageOrder)
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
IMAGE_TYPES: tuple[ImageType, ...] = get_args(ImageType)
LABEL_TYPES: tuple[LabelType, ...] = get_args(LabelType)
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


@dataclass(frozen=True, slots=True)
class WireFormat:
    """Numbers and types of the tensors on the wire."""

    image: ImageType
    label: LabelType
    layout: Layout


@dataclass(frozen=True, slots=True)
class Split:
    """Cases that train and cases that are held out, each list sorted; the same list twice for fold "all"."""

    train: tuple[str, ...]
    val: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResolvedSpec:
    """What a run's batches are made of: the run digest is taken over it (RFC 8785 canonical JSON)."""

    dataset: str
    dataset_digest: str
    """SHA-256, hex."""
    split: Split
    plan: NetworkPlan
    stages: tuple[Stage, ...]
    stage_order: StageOrder
    strategy: Strategy
    epochs: int
    steps_per_epoch: float
    """May be fractional; epoch e begins at step floor(e * steps_per_epoch)."""
    val_steps: int
    seed: int
    augmentation: tuple[Augmentation, ...]
    wire: WireFormat
    deep_supervision: bool
    """Whether a batch has a label for each further decoder level too (`deep_label_sizes`)."""
