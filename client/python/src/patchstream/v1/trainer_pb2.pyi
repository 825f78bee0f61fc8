from patchstream.v1 import data_pb2 as _data_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TrainingState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_STATE_UNSPECIFIED: _ClassVar[TrainingState]
    TRAINING_STATE_QUEUED: _ClassVar[TrainingState]
    TRAINING_STATE_RUNNING: _ClassVar[TrainingState]
    TRAINING_STATE_DONE: _ClassVar[TrainingState]
    TRAINING_STATE_STOPPED: _ClassVar[TrainingState]
    TRAINING_STATE_FAILED: _ClassVar[TrainingState]
    TRAINING_STATE_INTERRUPTED: _ClassVar[TrainingState]
    TRAINING_STATE_DAMAGED: _ClassVar[TrainingState]

class CheckpointKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHECKPOINT_KIND_UNSPECIFIED: _ClassVar[CheckpointKind]
    CHECKPOINT_KIND_LATEST: _ClassVar[CheckpointKind]
    CHECKPOINT_KIND_BEST: _ClassVar[CheckpointKind]

class ReplicaState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPLICA_STATE_UNSPECIFIED: _ClassVar[ReplicaState]
    REPLICA_STATE_IDLE: _ClassVar[ReplicaState]
    REPLICA_STATE_OPENING: _ClassVar[ReplicaState]
    REPLICA_STATE_SERVING: _ClassVar[ReplicaState]
    REPLICA_STATE_LEAVING: _ClassVar[ReplicaState]
    REPLICA_STATE_SILENT: _ClassVar[ReplicaState]
    REPLICA_STATE_LOST: _ClassVar[ReplicaState]
    REPLICA_STATE_REFUSED: _ClassVar[ReplicaState]
TRAINING_STATE_UNSPECIFIED: TrainingState
TRAINING_STATE_QUEUED: TrainingState
TRAINING_STATE_RUNNING: TrainingState
TRAINING_STATE_DONE: TrainingState
TRAINING_STATE_STOPPED: TrainingState
TRAINING_STATE_FAILED: TrainingState
TRAINING_STATE_INTERRUPTED: TrainingState
TRAINING_STATE_DAMAGED: TrainingState
CHECKPOINT_KIND_UNSPECIFIED: CheckpointKind
CHECKPOINT_KIND_LATEST: CheckpointKind
CHECKPOINT_KIND_BEST: CheckpointKind
REPLICA_STATE_UNSPECIFIED: ReplicaState
REPLICA_STATE_IDLE: ReplicaState
REPLICA_STATE_OPENING: ReplicaState
REPLICA_STATE_SERVING: ReplicaState
REPLICA_STATE_LEAVING: ReplicaState
REPLICA_STATE_SILENT: ReplicaState
REPLICA_STATE_LOST: ReplicaState
REPLICA_STATE_REFUSED: ReplicaState

class StartTrainingRequest(_message.Message):
    __slots__ = ("run", "data", "resume", "key")
    RUN_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    run: bytes
    data: _containers.RepeatedScalarFieldContainer[str]
    resume: str
    key: str
    def __init__(self, run: _Optional[bytes] = ..., data: _Optional[_Iterable[str]] = ..., resume: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class StartTrainingResponse(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: str
    def __init__(self, training: _Optional[str] = ...) -> None: ...

class WatchTrainingRequest(_message.Message):
    __slots__ = ("training", "in_short")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    IN_SHORT_FIELD_NUMBER: _ClassVar[int]
    training: str
    in_short: bool
    def __init__(self, training: _Optional[str] = ..., in_short: bool = ...) -> None: ...

class WatchTrainingResponse(_message.Message):
    __slots__ = ("state", "opened", "stage", "step", "checkpoint", "case_evaluated", "evaluated", "warning", "epoch", "decided", "steps")
    STATE_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    CASE_EVALUATED_FIELD_NUMBER: _ClassVar[int]
    EVALUATED_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    DECIDED_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    state: StateChanged
    opened: RunOpened
    stage: StageEntered
    step: StepTaken
    checkpoint: CheckpointWritten
    case_evaluated: CaseEvaluated
    evaluated: Evaluated
    warning: Warning
    epoch: EpochEnded
    decided: StageDecided
    steps: StepRow
    def __init__(self, state: _Optional[_Union[StateChanged, _Mapping]] = ..., opened: _Optional[_Union[RunOpened, _Mapping]] = ..., stage: _Optional[_Union[StageEntered, _Mapping]] = ..., step: _Optional[_Union[StepTaken, _Mapping]] = ..., checkpoint: _Optional[_Union[CheckpointWritten, _Mapping]] = ..., case_evaluated: _Optional[_Union[CaseEvaluated, _Mapping]] = ..., evaluated: _Optional[_Union[Evaluated, _Mapping]] = ..., warning: _Optional[_Union[Warning, _Mapping]] = ..., epoch: _Optional[_Union[EpochEnded, _Mapping]] = ..., decided: _Optional[_Union[StageDecided, _Mapping]] = ..., steps: _Optional[_Union[StepRow, _Mapping]] = ...) -> None: ...

class StateChanged(_message.Message):
    __slots__ = ("state", "message", "code")
    STATE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    state: TrainingState
    message: str
    code: str
    def __init__(self, state: _Optional[_Union[TrainingState, str]] = ..., message: _Optional[str] = ..., code: _Optional[str] = ...) -> None: ...

class RunOpened(_message.Message):
    __slots__ = ("digest", "dataset", "first_step", "steps", "epochs", "stages", "engine", "parameters")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    FIRST_STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    digest: str
    dataset: str
    first_step: int
    steps: int
    epochs: int
    stages: _containers.RepeatedCompositeFieldContainer[ScheduledStage]
    engine: str
    parameters: int
    def __init__(self, digest: _Optional[str] = ..., dataset: _Optional[str] = ..., first_step: _Optional[int] = ..., steps: _Optional[int] = ..., epochs: _Optional[int] = ..., stages: _Optional[_Iterable[_Union[ScheduledStage, _Mapping]]] = ..., engine: _Optional[str] = ..., parameters: _Optional[int] = ...) -> None: ...

class ScheduledStage(_message.Message):
    __slots__ = ("patch_size", "batch_size", "from_step", "flops")
    PATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    FLOPS_FIELD_NUMBER: _ClassVar[int]
    patch_size: _containers.RepeatedScalarFieldContainer[int]
    batch_size: int
    from_step: int
    flops: int
    def __init__(self, patch_size: _Optional[_Iterable[int]] = ..., batch_size: _Optional[int] = ..., from_step: _Optional[int] = ..., flops: _Optional[int] = ...) -> None: ...

class StageEntered(_message.Message):
    __slots__ = ("stage", "from_step", "reason", "patch_size", "batch_size")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    stage: int
    from_step: int
    reason: str
    patch_size: _containers.RepeatedScalarFieldContainer[int]
    batch_size: int
    def __init__(self, stage: _Optional[int] = ..., from_step: _Optional[int] = ..., reason: _Optional[str] = ..., patch_size: _Optional[_Iterable[int]] = ..., batch_size: _Optional[int] = ...) -> None: ...

class StepTaken(_message.Message):
    __slots__ = ("step", "stage", "epoch", "loss", "cross_entropy", "dice", "gradient_norm", "learning_rate", "waited_ms", "step_ms", "batch_bytes", "checksum", "foreground_share", "classes")
    STEP_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    CROSS_ENTROPY_FIELD_NUMBER: _ClassVar[int]
    DICE_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_NORM_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WAITED_MS_FIELD_NUMBER: _ClassVar[int]
    STEP_MS_FIELD_NUMBER: _ClassVar[int]
    BATCH_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    FOREGROUND_SHARE_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    step: int
    stage: int
    epoch: int
    loss: float
    cross_entropy: float
    dice: float
    gradient_norm: float
    learning_rate: float
    waited_ms: float
    step_ms: float
    batch_bytes: int
    checksum: int
    foreground_share: float
    classes: int
    def __init__(self, step: _Optional[int] = ..., stage: _Optional[int] = ..., epoch: _Optional[int] = ..., loss: _Optional[float] = ..., cross_entropy: _Optional[float] = ..., dice: _Optional[float] = ..., gradient_norm: _Optional[float] = ..., learning_rate: _Optional[float] = ..., waited_ms: _Optional[float] = ..., step_ms: _Optional[float] = ..., batch_bytes: _Optional[int] = ..., checksum: _Optional[int] = ..., foreground_share: _Optional[float] = ..., classes: _Optional[int] = ...) -> None: ...

class StepRow(_message.Message):
    __slots__ = ("first_step", "steps", "stage", "epoch", "loss_min", "loss_max", "loss_sum", "gradient_norm_max", "learning_rate", "waited_ms", "step_ms", "samples")
    FIRST_STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    LOSS_MIN_FIELD_NUMBER: _ClassVar[int]
    LOSS_MAX_FIELD_NUMBER: _ClassVar[int]
    LOSS_SUM_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_NORM_MAX_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WAITED_MS_FIELD_NUMBER: _ClassVar[int]
    STEP_MS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    first_step: int
    steps: int
    stage: int
    epoch: int
    loss_min: float
    loss_max: float
    loss_sum: float
    gradient_norm_max: float
    learning_rate: float
    waited_ms: float
    step_ms: float
    samples: int
    def __init__(self, first_step: _Optional[int] = ..., steps: _Optional[int] = ..., stage: _Optional[int] = ..., epoch: _Optional[int] = ..., loss_min: _Optional[float] = ..., loss_max: _Optional[float] = ..., loss_sum: _Optional[float] = ..., gradient_norm_max: _Optional[float] = ..., learning_rate: _Optional[float] = ..., waited_ms: _Optional[float] = ..., step_ms: _Optional[float] = ..., samples: _Optional[int] = ...) -> None: ...

class EpochEnded(_message.Message):
    __slots__ = ("epoch", "steps_taken", "loss", "validation_loss", "pseudo_dice", "mean_pseudo_dice", "smoothed_pseudo_dice", "best", "learning_rate", "samples", "train_seconds", "waited_seconds", "validation_seconds", "seconds_left")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    STEPS_TAKEN_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_LOSS_FIELD_NUMBER: _ClassVar[int]
    PSEUDO_DICE_FIELD_NUMBER: _ClassVar[int]
    MEAN_PSEUDO_DICE_FIELD_NUMBER: _ClassVar[int]
    SMOOTHED_PSEUDO_DICE_FIELD_NUMBER: _ClassVar[int]
    BEST_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    TRAIN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WAITED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_LEFT_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    steps_taken: int
    loss: float
    validation_loss: float
    pseudo_dice: _containers.RepeatedCompositeFieldContainer[ClassDice]
    mean_pseudo_dice: float
    smoothed_pseudo_dice: float
    best: bool
    learning_rate: float
    samples: int
    train_seconds: float
    waited_seconds: float
    validation_seconds: float
    seconds_left: float
    def __init__(self, epoch: _Optional[int] = ..., steps_taken: _Optional[int] = ..., loss: _Optional[float] = ..., validation_loss: _Optional[float] = ..., pseudo_dice: _Optional[_Iterable[_Union[ClassDice, _Mapping]]] = ..., mean_pseudo_dice: _Optional[float] = ..., smoothed_pseudo_dice: _Optional[float] = ..., best: bool = ..., learning_rate: _Optional[float] = ..., samples: _Optional[int] = ..., train_seconds: _Optional[float] = ..., waited_seconds: _Optional[float] = ..., validation_seconds: _Optional[float] = ..., seconds_left: _Optional[float] = ...) -> None: ...

class StageDecided(_message.Message):
    __slots__ = ("stage", "from_step", "reason", "text", "hold")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    stage: int
    from_step: int
    reason: str
    text: str
    hold: bool
    def __init__(self, stage: _Optional[int] = ..., from_step: _Optional[int] = ..., reason: _Optional[str] = ..., text: _Optional[str] = ..., hold: bool = ...) -> None: ...

class CheckpointWritten(_message.Message):
    __slots__ = ("step", "bytes", "kind")
    STEP_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    step: int
    bytes: int
    kind: CheckpointKind
    def __init__(self, step: _Optional[int] = ..., bytes: _Optional[int] = ..., kind: _Optional[_Union[CheckpointKind, str]] = ...) -> None: ...

class ClassDice(_message.Message):
    __slots__ = ("name", "dice")
    CLASS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DICE_FIELD_NUMBER: _ClassVar[int]
    name: str
    dice: float
    def __init__(self, name: _Optional[str] = ..., dice: _Optional[float] = ..., **kwargs) -> None: ...

class CaseEvaluated(_message.Message):
    __slots__ = ("case", "classes", "seconds", "voxels")
    CASE_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    VOXELS_FIELD_NUMBER: _ClassVar[int]
    case: str
    classes: _containers.RepeatedCompositeFieldContainer[ClassDice]
    seconds: float
    voxels: _containers.RepeatedCompositeFieldContainer[ClassVoxels]
    def __init__(self, case: _Optional[str] = ..., classes: _Optional[_Iterable[_Union[ClassDice, _Mapping]]] = ..., seconds: _Optional[float] = ..., voxels: _Optional[_Iterable[_Union[ClassVoxels, _Mapping]]] = ...) -> None: ...

class ClassVoxels(_message.Message):
    __slots__ = ("values", "true_positive", "false_positive", "false_negative", "true_negative")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    TRUE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    FALSE_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    FALSE_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    TRUE_NEGATIVE_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[int]
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    def __init__(self, values: _Optional[_Iterable[int]] = ..., true_positive: _Optional[int] = ..., false_positive: _Optional[int] = ..., false_negative: _Optional[int] = ..., true_negative: _Optional[int] = ...) -> None: ...

class Evaluated(_message.Message):
    __slots__ = ("cases", "classes", "mean_dice", "checkpoint")
    CASES_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    MEAN_DICE_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    cases: int
    classes: _containers.RepeatedCompositeFieldContainer[ClassDice]
    mean_dice: float
    checkpoint: CheckpointKind
    def __init__(self, cases: _Optional[int] = ..., classes: _Optional[_Iterable[_Union[ClassDice, _Mapping]]] = ..., mean_dice: _Optional[float] = ..., checkpoint: _Optional[_Union[CheckpointKind, str]] = ...) -> None: ...

class Warning(_message.Message):
    __slots__ = ("code", "text")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class SetStageRequest(_message.Message):
    __slots__ = ("training", "stage", "from_step", "hold")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    training: str
    stage: int
    from_step: int
    hold: bool
    def __init__(self, training: _Optional[str] = ..., stage: _Optional[int] = ..., from_step: _Optional[int] = ..., hold: bool = ...) -> None: ...

class SetStageResponse(_message.Message):
    __slots__ = ("stage", "from_step", "schedule_from")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FROM_FIELD_NUMBER: _ClassVar[int]
    stage: int
    from_step: int
    schedule_from: int
    def __init__(self, stage: _Optional[int] = ..., from_step: _Optional[int] = ..., schedule_from: _Optional[int] = ...) -> None: ...

class StopTrainingRequest(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: str
    def __init__(self, training: _Optional[str] = ...) -> None: ...

class StopTrainingResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeTrainingRequest(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: str
    def __init__(self, training: _Optional[str] = ...) -> None: ...

class DescribeTrainingResponse(_message.Message):
    __slots__ = ("run", "data", "fleet")
    RUN_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    FLEET_FIELD_NUMBER: _ClassVar[int]
    run: bytes
    data: _containers.RepeatedScalarFieldContainer[str]
    fleet: Fleet
    def __init__(self, run: _Optional[bytes] = ..., data: _Optional[_Iterable[str]] = ..., fleet: _Optional[_Union[Fleet, _Mapping]] = ...) -> None: ...

class Fleet(_message.Message):
    __slots__ = ("replicas", "awaited", "age_ms")
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    AWAITED_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    replicas: _containers.RepeatedCompositeFieldContainer[Replica]
    awaited: AwaitedBatch
    age_ms: int
    def __init__(self, replicas: _Optional[_Iterable[_Union[Replica, _Mapping]]] = ..., awaited: _Optional[_Union[AwaitedBatch, _Mapping]] = ..., age_ms: _Optional[int] = ...) -> None: ...

class Replica(_message.Message):
    __slots__ = ("address", "state", "heard_ms", "batches", "bytes", "shared_batches", "damaged_batches", "failovers", "owed", "bytes_per_second", "served_ms", "failure", "failure_age_ms")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    HEARD_MS_FIELD_NUMBER: _ClassVar[int]
    BATCHES_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    SHARED_BATCHES_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_BATCHES_FIELD_NUMBER: _ClassVar[int]
    FAILOVERS_FIELD_NUMBER: _ClassVar[int]
    OWED_FIELD_NUMBER: _ClassVar[int]
    BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    SERVED_MS_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    address: str
    state: ReplicaState
    heard_ms: int
    batches: int
    bytes: int
    shared_batches: int
    damaged_batches: int
    failovers: int
    owed: int
    bytes_per_second: float
    served_ms: float
    failure: str
    failure_age_ms: int
    def __init__(self, address: _Optional[str] = ..., state: _Optional[_Union[ReplicaState, str]] = ..., heard_ms: _Optional[int] = ..., batches: _Optional[int] = ..., bytes: _Optional[int] = ..., shared_batches: _Optional[int] = ..., damaged_batches: _Optional[int] = ..., failovers: _Optional[int] = ..., owed: _Optional[int] = ..., bytes_per_second: _Optional[float] = ..., served_ms: _Optional[float] = ..., failure: _Optional[str] = ..., failure_age_ms: _Optional[int] = ...) -> None: ...

class AwaitedBatch(_message.Message):
    __slots__ = ("timeline", "step", "stage", "waited_ms", "asked")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    WAITED_MS_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    timeline: _data_pb2.Timeline
    step: int
    stage: int
    waited_ms: int
    asked: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, timeline: _Optional[_Union[_data_pb2.Timeline, str]] = ..., step: _Optional[int] = ..., stage: _Optional[int] = ..., waited_ms: _Optional[int] = ..., asked: _Optional[_Iterable[str]] = ...) -> None: ...

class ListTrainingsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListTrainingsResponse(_message.Message):
    __slots__ = ("trainings",)
    TRAININGS_FIELD_NUMBER: _ClassVar[int]
    trainings: _containers.RepeatedCompositeFieldContainer[Training]
    def __init__(self, trainings: _Optional[_Iterable[_Union[Training, _Mapping]]] = ...) -> None: ...

class Training(_message.Message):
    __slots__ = ("id", "state", "data", "dataset", "damage", "steps_taken", "steps", "stage", "smoothed_pseudo_dice")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    DAMAGE_FIELD_NUMBER: _ClassVar[int]
    STEPS_TAKEN_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    SMOOTHED_PSEUDO_DICE_FIELD_NUMBER: _ClassVar[int]
    id: str
    state: TrainingState
    data: _containers.RepeatedScalarFieldContainer[str]
    dataset: str
    damage: TrainingDamage
    steps_taken: int
    steps: int
    stage: int
    smoothed_pseudo_dice: float
    def __init__(self, id: _Optional[str] = ..., state: _Optional[_Union[TrainingState, str]] = ..., data: _Optional[_Iterable[str]] = ..., dataset: _Optional[str] = ..., damage: _Optional[_Union[TrainingDamage, _Mapping]] = ..., steps_taken: _Optional[int] = ..., steps: _Optional[int] = ..., stage: _Optional[int] = ..., smoothed_pseudo_dice: _Optional[float] = ...) -> None: ...

class TrainingDamage(_message.Message):
    __slots__ = ("file", "reason")
    FILE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    file: str
    reason: str
    def __init__(self, file: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class GetCheckpointRequest(_message.Message):
    __slots__ = ("training", "checkpoint")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    training: str
    checkpoint: CheckpointKind
    def __init__(self, training: _Optional[str] = ..., checkpoint: _Optional[_Union[CheckpointKind, str]] = ...) -> None: ...

class GetCheckpointResponse(_message.Message):
    __slots__ = ("offset", "total_bytes", "data")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    offset: int
    total_bytes: int
    data: bytes
    def __init__(self, offset: _Optional[int] = ..., total_bytes: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class DescribeModelRequest(_message.Message):
    __slots__ = ("training", "checkpoint")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    training: str
    checkpoint: CheckpointKind
    def __init__(self, training: _Optional[str] = ..., checkpoint: _Optional[_Union[CheckpointKind, str]] = ...) -> None: ...

class DescribeModelResponse(_message.Message):
    __slots__ = ("step", "dataset", "plans", "channel_names", "labels", "source_values", "classes", "regions", "ignore_label", "patch_size")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    STEP_FIELD_NUMBER: _ClassVar[int]
    DATASET_FIELD_NUMBER: _ClassVar[int]
    PLANS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_NAMES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_VALUES_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    IGNORE_LABEL_FIELD_NUMBER: _ClassVar[int]
    PATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    step: int
    dataset: str
    plans: bytes
    channel_names: _containers.RepeatedScalarFieldContainer[str]
    labels: _containers.ScalarMap[str, int]
    source_values: _containers.RepeatedScalarFieldContainer[int]
    classes: _containers.RepeatedScalarFieldContainer[int]
    regions: _containers.RepeatedCompositeFieldContainer[_data_pb2.LabelRegion]
    ignore_label: int
    patch_size: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, step: _Optional[int] = ..., dataset: _Optional[str] = ..., plans: _Optional[bytes] = ..., channel_names: _Optional[_Iterable[str]] = ..., labels: _Optional[_Mapping[str, int]] = ..., source_values: _Optional[_Iterable[int]] = ..., classes: _Optional[_Iterable[int]] = ..., regions: _Optional[_Iterable[_Union[_data_pb2.LabelRegion, _Mapping]]] = ..., ignore_label: _Optional[int] = ..., patch_size: _Optional[_Iterable[int]] = ...) -> None: ...

class PredictRequest(_message.Message):
    __slots__ = ("case", "image", "chunk")
    CASE_FIELD_NUMBER: _ClassVar[int]
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    case: PredictCase
    image: PredictImage
    chunk: _data_pb2.Chunk
    def __init__(self, case: _Optional[_Union[PredictCase, _Mapping]] = ..., image: _Optional[_Union[PredictImage, _Mapping]] = ..., chunk: _Optional[_Union[_data_pb2.Chunk, _Mapping]] = ...) -> None: ...

class PredictCase(_message.Message):
    __slots__ = ("training", "data", "case", "checkpoint", "average_with", "without_mirroring")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    CASE_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_WITH_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_MIRRORING_FIELD_NUMBER: _ClassVar[int]
    training: str
    data: str
    case: str
    checkpoint: CheckpointKind
    average_with: _containers.RepeatedScalarFieldContainer[str]
    without_mirroring: bool
    def __init__(self, training: _Optional[str] = ..., data: _Optional[str] = ..., case: _Optional[str] = ..., checkpoint: _Optional[_Union[CheckpointKind, str]] = ..., average_with: _Optional[_Iterable[str]] = ..., without_mirroring: bool = ...) -> None: ...

class PredictImage(_message.Message):
    __slots__ = ("training", "tensor", "checkpoint", "geometry", "spacing_mm", "average_with", "without_mirroring")
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    GEOMETRY_FIELD_NUMBER: _ClassVar[int]
    SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_WITH_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_MIRRORING_FIELD_NUMBER: _ClassVar[int]
    training: str
    tensor: _data_pb2.Tensor
    checkpoint: CheckpointKind
    geometry: _data_pb2.Geometry
    spacing_mm: _containers.RepeatedScalarFieldContainer[float]
    average_with: _containers.RepeatedScalarFieldContainer[str]
    without_mirroring: bool
    def __init__(self, training: _Optional[str] = ..., tensor: _Optional[_Union[_data_pb2.Tensor, _Mapping]] = ..., checkpoint: _Optional[_Union[CheckpointKind, str]] = ..., geometry: _Optional[_Union[_data_pb2.Geometry, _Mapping]] = ..., spacing_mm: _Optional[_Iterable[float]] = ..., average_with: _Optional[_Iterable[str]] = ..., without_mirroring: bool = ...) -> None: ...

class PredictResponse(_message.Message):
    __slots__ = ("volume_begin", "chunk", "volume_end", "prediction_begin", "progress")
    VOLUME_BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    VOLUME_END_FIELD_NUMBER: _ClassVar[int]
    PREDICTION_BEGIN_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    volume_begin: _data_pb2.VolumeBegin
    chunk: _data_pb2.Chunk
    volume_end: _data_pb2.VolumeEnd
    prediction_begin: PredictionBegin
    progress: PredictionProgress
    def __init__(self, volume_begin: _Optional[_Union[_data_pb2.VolumeBegin, _Mapping]] = ..., chunk: _Optional[_Union[_data_pb2.Chunk, _Mapping]] = ..., volume_end: _Optional[_Union[_data_pb2.VolumeEnd, _Mapping]] = ..., prediction_begin: _Optional[_Union[PredictionBegin, _Mapping]] = ..., progress: _Optional[_Union[PredictionProgress, _Mapping]] = ...) -> None: ...

class PredictionBegin(_message.Message):
    __slots__ = ("steps", "source_values")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_VALUES_FIELD_NUMBER: _ClassVar[int]
    steps: _containers.RepeatedScalarFieldContainer[int]
    source_values: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, steps: _Optional[_Iterable[int]] = ..., source_values: _Optional[_Iterable[int]] = ...) -> None: ...

class PredictionProgress(_message.Message):
    __slots__ = ("share",)
    SHARE_FIELD_NUMBER: _ClassVar[int]
    share: float
    def __init__(self, share: _Optional[float] = ...) -> None: ...
