from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Timeline(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIMELINE_UNSPECIFIED: _ClassVar[Timeline]
    TIMELINE_TRAIN: _ClassVar[Timeline]
    TIMELINE_VAL: _ClassVar[Timeline]

class Volume(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VOLUME_UNSPECIFIED: _ClassVar[Volume]
    VOLUME_IMAGE: _ClassVar[Volume]
    VOLUME_LABEL: _ClassVar[Volume]
    VOLUME_REFERENCE: _ClassVar[Volume]

class Retry(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RETRY_UNSPECIFIED: _ClassVar[Retry]
    RETRY_NEVER: _ClassVar[Retry]
    RETRY_ELSEWHERE: _ClassVar[Retry]
    RETRY_AGAIN: _ClassVar[Retry]
TIMELINE_UNSPECIFIED: Timeline
TIMELINE_TRAIN: Timeline
TIMELINE_VAL: Timeline
VOLUME_UNSPECIFIED: Volume
VOLUME_IMAGE: Volume
VOLUME_LABEL: Volume
VOLUME_REFERENCE: Volume
RETRY_UNSPECIFIED: Retry
RETRY_NEVER: Retry
RETRY_ELSEWHERE: Retry
RETRY_AGAIN: Retry

class LabelRegion(_message.Message):
    __slots__ = ("name", "values", "export_value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    EXPORT_VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedScalarFieldContainer[int]
    export_value: int
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[int]] = ..., export_value: _Optional[int] = ...) -> None: ...

class DescribeDatasetRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class DescribeDatasetResponse(_message.Message):
    __slots__ = ("name", "digest", "channel_names", "labels", "classes", "plan", "cases", "recipe", "version", "source_values", "regions", "ignore_label", "batch_dice", "case_count", "next_page_token")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_NAMES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    CASES_FIELD_NUMBER: _ClassVar[int]
    RECIPE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_VALUES_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    IGNORE_LABEL_FIELD_NUMBER: _ClassVar[int]
    BATCH_DICE_FIELD_NUMBER: _ClassVar[int]
    CASE_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    digest: str
    channel_names: _containers.RepeatedScalarFieldContainer[str]
    labels: _containers.ScalarMap[str, int]
    classes: _containers.RepeatedScalarFieldContainer[int]
    plan: bytes
    cases: _containers.RepeatedCompositeFieldContainer[Case]
    recipe: int
    version: str
    source_values: _containers.RepeatedScalarFieldContainer[int]
    regions: _containers.RepeatedCompositeFieldContainer[LabelRegion]
    ignore_label: int
    batch_dice: bool
    case_count: int
    next_page_token: str
    def __init__(self, name: _Optional[str] = ..., digest: _Optional[str] = ..., channel_names: _Optional[_Iterable[str]] = ..., labels: _Optional[_Mapping[str, int]] = ..., classes: _Optional[_Iterable[int]] = ..., plan: _Optional[bytes] = ..., cases: _Optional[_Iterable[_Union[Case, _Mapping]]] = ..., recipe: _Optional[int] = ..., version: _Optional[str] = ..., source_values: _Optional[_Iterable[int]] = ..., regions: _Optional[_Iterable[_Union[LabelRegion, _Mapping]]] = ..., ignore_label: _Optional[int] = ..., batch_dice: bool = ..., case_count: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Case(_message.Message):
    __slots__ = ("id", "shape", "spacing_mm", "foreground_counts", "digest", "geometry", "unlabelled")
    ID_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    FOREGROUND_COUNTS_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    GEOMETRY_FIELD_NUMBER: _ClassVar[int]
    UNLABELLED_FIELD_NUMBER: _ClassVar[int]
    id: str
    shape: _containers.RepeatedScalarFieldContainer[int]
    spacing_mm: _containers.RepeatedScalarFieldContainer[float]
    foreground_counts: _containers.RepeatedScalarFieldContainer[int]
    digest: str
    geometry: Geometry
    unlabelled: bool
    def __init__(self, id: _Optional[str] = ..., shape: _Optional[_Iterable[int]] = ..., spacing_mm: _Optional[_Iterable[float]] = ..., foreground_counts: _Optional[_Iterable[int]] = ..., digest: _Optional[str] = ..., geometry: _Optional[_Union[Geometry, _Mapping]] = ..., unlabelled: bool = ...) -> None: ...

class Geometry(_message.Message):
    __slots__ = ("affine", "original_shape", "original_spacing_mm", "transpose", "crop_start", "crop_end", "label_header")
    AFFINE_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_SHAPE_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_SPACING_MM_FIELD_NUMBER: _ClassVar[int]
    TRANSPOSE_FIELD_NUMBER: _ClassVar[int]
    CROP_START_FIELD_NUMBER: _ClassVar[int]
    CROP_END_FIELD_NUMBER: _ClassVar[int]
    LABEL_HEADER_FIELD_NUMBER: _ClassVar[int]
    affine: _containers.RepeatedScalarFieldContainer[float]
    original_shape: _containers.RepeatedScalarFieldContainer[int]
    original_spacing_mm: _containers.RepeatedScalarFieldContainer[float]
    transpose: _containers.RepeatedScalarFieldContainer[int]
    crop_start: _containers.RepeatedScalarFieldContainer[int]
    crop_end: _containers.RepeatedScalarFieldContainer[int]
    label_header: bytes
    def __init__(self, affine: _Optional[_Iterable[float]] = ..., original_shape: _Optional[_Iterable[int]] = ..., original_spacing_mm: _Optional[_Iterable[float]] = ..., transpose: _Optional[_Iterable[int]] = ..., crop_start: _Optional[_Iterable[int]] = ..., crop_end: _Optional[_Iterable[int]] = ..., label_header: _Optional[bytes] = ...) -> None: ...

class DescribeRunRequest(_message.Message):
    __slots__ = ("spec", "spec_sha256", "ranks")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SPEC_SHA256_FIELD_NUMBER: _ClassVar[int]
    RANKS_FIELD_NUMBER: _ClassVar[int]
    spec: bytes
    spec_sha256: bytes
    ranks: int
    def __init__(self, spec: _Optional[bytes] = ..., spec_sha256: _Optional[bytes] = ..., ranks: _Optional[int] = ...) -> None: ...

class DescribeRunResponse(_message.Message):
    __slots__ = ("spec", "digest", "received_sha256", "limits", "channels", "train", "val", "plans_json", "dataset_json")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_SHA256_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    TRAIN_FIELD_NUMBER: _ClassVar[int]
    VAL_FIELD_NUMBER: _ClassVar[int]
    PLANS_JSON_FIELD_NUMBER: _ClassVar[int]
    DATASET_JSON_FIELD_NUMBER: _ClassVar[int]
    spec: bytes
    digest: str
    received_sha256: bytes
    limits: Limits
    channels: int
    train: RunTimeline
    val: RunTimeline
    plans_json: bytes
    dataset_json: bytes
    def __init__(self, spec: _Optional[bytes] = ..., digest: _Optional[str] = ..., received_sha256: _Optional[bytes] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., channels: _Optional[int] = ..., train: _Optional[_Union[RunTimeline, _Mapping]] = ..., val: _Optional[_Union[RunTimeline, _Mapping]] = ..., plans_json: _Optional[bytes] = ..., dataset_json: _Optional[bytes] = ...) -> None: ...

class RunTimeline(_message.Message):
    __slots__ = ("steps", "epoch_first_steps", "stages")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIRST_STEPS_FIELD_NUMBER: _ClassVar[int]
    STAGES_FIELD_NUMBER: _ClassVar[int]
    steps: int
    epoch_first_steps: _containers.RepeatedScalarFieldContainer[int]
    stages: _containers.RepeatedCompositeFieldContainer[RunStage]
    def __init__(self, steps: _Optional[int] = ..., epoch_first_steps: _Optional[_Iterable[int]] = ..., stages: _Optional[_Iterable[_Union[RunStage, _Mapping]]] = ...) -> None: ...

class RunStage(_message.Message):
    __slots__ = ("stage", "first_step", "end_step", "patch_size", "batch_size", "shares")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FIRST_STEP_FIELD_NUMBER: _ClassVar[int]
    END_STEP_FIELD_NUMBER: _ClassVar[int]
    PATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    stage: int
    first_step: int
    end_step: int
    patch_size: _containers.RepeatedScalarFieldContainer[int]
    batch_size: int
    shares: _containers.RepeatedCompositeFieldContainer[RankShare]
    def __init__(self, stage: _Optional[int] = ..., first_step: _Optional[int] = ..., end_step: _Optional[int] = ..., patch_size: _Optional[_Iterable[int]] = ..., batch_size: _Optional[int] = ..., shares: _Optional[_Iterable[_Union[RankShare, _Mapping]]] = ...) -> None: ...

class RankShare(_message.Message):
    __slots__ = ("first_rank", "end_rank", "samples", "loss_weight", "tensors", "byte_length")
    FIRST_RANK_FIELD_NUMBER: _ClassVar[int]
    END_RANK_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    LOSS_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    BYTE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    first_rank: int
    end_rank: int
    samples: int
    loss_weight: float
    tensors: _containers.RepeatedCompositeFieldContainer[Tensor]
    byte_length: int
    def __init__(self, first_rank: _Optional[int] = ..., end_rank: _Optional[int] = ..., samples: _Optional[int] = ..., loss_weight: _Optional[float] = ..., tensors: _Optional[_Iterable[_Union[Tensor, _Mapping]]] = ..., byte_length: _Optional[int] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_outstanding_bytes", "max_outstanding_steps", "max_batch_bytes", "max_samples", "max_stage_decisions", "max_spec_bytes", "max_message_bytes", "max_streams", "max_streams_of_one_peer", "max_calls", "max_calls_of_one_peer", "max_stall_ms", "max_stall_when_needed_ms")
    MAX_OUTSTANDING_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_OUTSTANDING_STEPS_FIELD_NUMBER: _ClassVar[int]
    MAX_BATCH_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    MAX_STAGE_DECISIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_SPEC_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_STREAMS_FIELD_NUMBER: _ClassVar[int]
    MAX_STREAMS_OF_ONE_PEER_FIELD_NUMBER: _ClassVar[int]
    MAX_CALLS_FIELD_NUMBER: _ClassVar[int]
    MAX_CALLS_OF_ONE_PEER_FIELD_NUMBER: _ClassVar[int]
    MAX_STALL_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_STALL_WHEN_NEEDED_MS_FIELD_NUMBER: _ClassVar[int]
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
    def __init__(self, max_outstanding_bytes: _Optional[int] = ..., max_outstanding_steps: _Optional[int] = ..., max_batch_bytes: _Optional[int] = ..., max_samples: _Optional[int] = ..., max_stage_decisions: _Optional[int] = ..., max_spec_bytes: _Optional[int] = ..., max_message_bytes: _Optional[int] = ..., max_streams: _Optional[int] = ..., max_streams_of_one_peer: _Optional[int] = ..., max_calls: _Optional[int] = ..., max_calls_of_one_peer: _Optional[int] = ..., max_stall_ms: _Optional[int] = ..., max_stall_when_needed_ms: _Optional[int] = ...) -> None: ...

class StreamRequest(_message.Message):
    __slots__ = ("start", "want", "stage_report", "stop", "cancel", "pace")
    START_FIELD_NUMBER: _ClassVar[int]
    WANT_FIELD_NUMBER: _ClassVar[int]
    STAGE_REPORT_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    PACE_FIELD_NUMBER: _ClassVar[int]
    start: Start
    want: Want
    stage_report: StageReport
    stop: Stop
    cancel: Cancel
    pace: Pace
    def __init__(self, start: _Optional[_Union[Start, _Mapping]] = ..., want: _Optional[_Union[Want, _Mapping]] = ..., stage_report: _Optional[_Union[StageReport, _Mapping]] = ..., stop: _Optional[_Union[Stop, _Mapping]] = ..., cancel: _Optional[_Union[Cancel, _Mapping]] = ..., pace: _Optional[_Union[Pace, _Mapping]] = ...) -> None: ...

class Pace(_message.Message):
    __slots__ = ("step_us", "waited_us", "served_us")
    STEP_US_FIELD_NUMBER: _ClassVar[int]
    WAITED_US_FIELD_NUMBER: _ClassVar[int]
    SERVED_US_FIELD_NUMBER: _ClassVar[int]
    step_us: int
    waited_us: int
    served_us: int
    def __init__(self, step_us: _Optional[int] = ..., waited_us: _Optional[int] = ..., served_us: _Optional[int] = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ("spec", "timeline", "rank", "ranks", "spec_sha256")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    RANKS_FIELD_NUMBER: _ClassVar[int]
    SPEC_SHA256_FIELD_NUMBER: _ClassVar[int]
    spec: bytes
    timeline: Timeline
    rank: int
    ranks: int
    spec_sha256: bytes
    def __init__(self, spec: _Optional[bytes] = ..., timeline: _Optional[_Union[Timeline, str]] = ..., rank: _Optional[int] = ..., ranks: _Optional[int] = ..., spec_sha256: _Optional[bytes] = ...) -> None: ...

class Want(_message.Message):
    __slots__ = ("first_step", "count", "stage", "traceparent")
    FIRST_STEP_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    first_step: int
    count: int
    stage: int
    traceparent: str
    def __init__(self, first_step: _Optional[int] = ..., count: _Optional[int] = ..., stage: _Optional[int] = ..., traceparent: _Optional[str] = ...) -> None: ...

class Cancel(_message.Message):
    __slots__ = ("first_step", "count")
    FIRST_STEP_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    first_step: int
    count: int
    def __init__(self, first_step: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...

class StageReport(_message.Message):
    __slots__ = ("stage", "from_step", "reason", "metrics", "hold")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    stage: int
    from_step: int
    reason: str
    metrics: _containers.ScalarMap[str, float]
    hold: bool
    def __init__(self, stage: _Optional[int] = ..., from_step: _Optional[int] = ..., reason: _Optional[str] = ..., metrics: _Optional[_Mapping[str, float]] = ..., hold: bool = ...) -> None: ...

class Stop(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StreamResponse(_message.Message):
    __slots__ = ("batch_begin", "chunk", "batch_end", "started", "stage_applied", "notice", "cancelled")
    BATCH_BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    BATCH_END_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    STAGE_APPLIED_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    batch_begin: BatchBegin
    chunk: Chunk
    batch_end: BatchEnd
    started: Started
    stage_applied: StageApplied
    notice: Notice
    cancelled: Cancelled
    def __init__(self, batch_begin: _Optional[_Union[BatchBegin, _Mapping]] = ..., chunk: _Optional[_Union[Chunk, _Mapping]] = ..., batch_end: _Optional[_Union[BatchEnd, _Mapping]] = ..., started: _Optional[_Union[Started, _Mapping]] = ..., stage_applied: _Optional[_Union[StageApplied, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ..., cancelled: _Optional[_Union[Cancelled, _Mapping]] = ...) -> None: ...

class BatchBegin(_message.Message):
    __slots__ = ("timeline", "step", "stage", "global_batch", "tensors", "address_checksum", "samples")
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    GLOBAL_BATCH_FIELD_NUMBER: _ClassVar[int]
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    timeline: Timeline
    step: int
    stage: int
    global_batch: int
    tensors: _containers.RepeatedCompositeFieldContainer[Tensor]
    address_checksum: int
    samples: Samples
    def __init__(self, timeline: _Optional[_Union[Timeline, str]] = ..., step: _Optional[int] = ..., stage: _Optional[int] = ..., global_batch: _Optional[int] = ..., tensors: _Optional[_Iterable[_Union[Tensor, _Mapping]]] = ..., address_checksum: _Optional[int] = ..., samples: _Optional[_Union[Samples, _Mapping]] = ...) -> None: ...

class Samples(_message.Message):
    __slots__ = ("cases", "case_index", "start", "size", "checksum")
    CASES_FIELD_NUMBER: _ClassVar[int]
    CASE_INDEX_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    cases: _containers.RepeatedScalarFieldContainer[str]
    case_index: _containers.RepeatedScalarFieldContainer[int]
    start: _containers.RepeatedScalarFieldContainer[int]
    size: _containers.RepeatedScalarFieldContainer[int]
    checksum: int
    def __init__(self, cases: _Optional[_Iterable[str]] = ..., case_index: _Optional[_Iterable[int]] = ..., start: _Optional[_Iterable[int]] = ..., size: _Optional[_Iterable[int]] = ..., checksum: _Optional[int] = ..., **kwargs) -> None: ...

class Tensor(_message.Message):
    __slots__ = ("name", "type", "shape", "byte_length")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    BYTE_LENGTH_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    shape: _containers.RepeatedScalarFieldContainer[int]
    byte_length: int
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., shape: _Optional[_Iterable[int]] = ..., byte_length: _Optional[int] = ...) -> None: ...

class Chunk(_message.Message):
    __slots__ = ("step", "offset", "data")
    STEP_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    step: int
    offset: int
    data: bytes
    def __init__(self, step: _Optional[int] = ..., offset: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class BatchEnd(_message.Message):
    __slots__ = ("step", "checksum", "served_us", "shared")
    STEP_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    SERVED_US_FIELD_NUMBER: _ClassVar[int]
    SHARED_FIELD_NUMBER: _ClassVar[int]
    step: int
    checksum: int
    served_us: int
    shared: bool
    def __init__(self, step: _Optional[int] = ..., checksum: _Optional[int] = ..., served_us: _Optional[int] = ..., shared: bool = ...) -> None: ...

class Started(_message.Message):
    __slots__ = ("digest", "timeline", "rank", "ranks", "reads_pace")
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    RANKS_FIELD_NUMBER: _ClassVar[int]
    READS_PACE_FIELD_NUMBER: _ClassVar[int]
    digest: str
    timeline: Timeline
    rank: int
    ranks: int
    reads_pace: bool
    def __init__(self, digest: _Optional[str] = ..., timeline: _Optional[_Union[Timeline, str]] = ..., rank: _Optional[int] = ..., ranks: _Optional[int] = ..., reads_pace: bool = ...) -> None: ...

class StageApplied(_message.Message):
    __slots__ = ("stage", "from_step", "schedule_from")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FROM_FIELD_NUMBER: _ClassVar[int]
    stage: int
    from_step: int
    schedule_from: int
    def __init__(self, stage: _Optional[int] = ..., from_step: _Optional[int] = ..., schedule_from: _Optional[int] = ...) -> None: ...

class Cancelled(_message.Message):
    __slots__ = ("first_step", "count")
    FIRST_STEP_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    first_step: int
    count: int
    def __init__(self, first_step: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("code", "text")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class OpenLaneRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OpenLaneResponse(_message.Message):
    __slots__ = ("port", "ticket", "ticket_ms", "heartbeat_ms")
    PORT_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    TICKET_MS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    port: int
    ticket: bytes
    ticket_ms: int
    heartbeat_ms: int
    def __init__(self, port: _Optional[int] = ..., ticket: _Optional[bytes] = ..., ticket_ms: _Optional[int] = ..., heartbeat_ms: _Optional[int] = ...) -> None: ...

class GetBatchRequest(_message.Message):
    __slots__ = ("spec", "timeline", "step", "stage", "rank", "ranks", "spec_sha256")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    RANK_FIELD_NUMBER: _ClassVar[int]
    RANKS_FIELD_NUMBER: _ClassVar[int]
    SPEC_SHA256_FIELD_NUMBER: _ClassVar[int]
    spec: bytes
    timeline: Timeline
    step: int
    stage: int
    rank: int
    ranks: int
    spec_sha256: bytes
    def __init__(self, spec: _Optional[bytes] = ..., timeline: _Optional[_Union[Timeline, str]] = ..., step: _Optional[int] = ..., stage: _Optional[int] = ..., rank: _Optional[int] = ..., ranks: _Optional[int] = ..., spec_sha256: _Optional[bytes] = ...) -> None: ...

class GetBatchResponse(_message.Message):
    __slots__ = ("batch_begin", "chunk", "batch_end")
    BATCH_BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    BATCH_END_FIELD_NUMBER: _ClassVar[int]
    batch_begin: BatchBegin
    chunk: Chunk
    batch_end: BatchEnd
    def __init__(self, batch_begin: _Optional[_Union[BatchBegin, _Mapping]] = ..., chunk: _Optional[_Union[Chunk, _Mapping]] = ..., batch_end: _Optional[_Union[BatchEnd, _Mapping]] = ...) -> None: ...

class ReadCaseRequest(_message.Message):
    __slots__ = ("case", "volume", "region")
    CASE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    case: str
    volume: Volume
    region: Region
    def __init__(self, case: _Optional[str] = ..., volume: _Optional[_Union[Volume, str]] = ..., region: _Optional[_Union[Region, _Mapping]] = ...) -> None: ...

class Region(_message.Message):
    __slots__ = ("start", "end")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    start: _containers.RepeatedScalarFieldContainer[int]
    end: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, start: _Optional[_Iterable[int]] = ..., end: _Optional[_Iterable[int]] = ...) -> None: ...

class ReadCaseResponse(_message.Message):
    __slots__ = ("volume_begin", "chunk", "volume_end")
    VOLUME_BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    VOLUME_END_FIELD_NUMBER: _ClassVar[int]
    volume_begin: VolumeBegin
    chunk: Chunk
    volume_end: VolumeEnd
    def __init__(self, volume_begin: _Optional[_Union[VolumeBegin, _Mapping]] = ..., chunk: _Optional[_Union[Chunk, _Mapping]] = ..., volume_end: _Optional[_Union[VolumeEnd, _Mapping]] = ...) -> None: ...

class VolumeBegin(_message.Message):
    __slots__ = ("tensor",)
    TENSOR_FIELD_NUMBER: _ClassVar[int]
    tensor: Tensor
    def __init__(self, tensor: _Optional[_Union[Tensor, _Mapping]] = ...) -> None: ...

class VolumeEnd(_message.Message):
    __slots__ = ("checksum",)
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    checksum: int
    def __init__(self, checksum: _Optional[int] = ...) -> None: ...

class ReadLocationsRequest(_message.Message):
    __slots__ = ("case", "k")
    CASE_FIELD_NUMBER: _ClassVar[int]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    K_FIELD_NUMBER: _ClassVar[int]
    case: str
    k: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, case: _Optional[str] = ..., k: _Optional[_Iterable[int]] = ..., **kwargs) -> None: ...

class ReadLocationsResponse(_message.Message):
    __slots__ = ("zyx",)
    ZYX_FIELD_NUMBER: _ClassVar[int]
    zyx: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, zyx: _Optional[_Iterable[int]] = ...) -> None: ...

class PreviewRequest(_message.Message):
    __slots__ = ("spec", "timeline", "step", "stage", "page", "channel")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    TIMELINE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    spec: bytes
    timeline: Timeline
    step: int
    stage: int
    page: int
    channel: int
    def __init__(self, spec: _Optional[bytes] = ..., timeline: _Optional[_Union[Timeline, str]] = ..., step: _Optional[int] = ..., stage: _Optional[int] = ..., page: _Optional[int] = ..., channel: _Optional[int] = ...) -> None: ...

class PreviewResponse(_message.Message):
    __slots__ = ("png", "pages", "first_sample", "samples")
    PNG_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    FIRST_SAMPLE_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    png: bytes
    pages: int
    first_sample: int
    samples: int
    def __init__(self, png: _Optional[bytes] = ..., pages: _Optional[int] = ..., first_sample: _Optional[int] = ..., samples: _Optional[int] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("code", "facts", "hint", "retry")
    CODE_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    code: str
    facts: str
    hint: str
    retry: Retry
    def __init__(self, code: _Optional[str] = ..., facts: _Optional[str] = ..., hint: _Optional[str] = ..., retry: _Optional[_Union[Retry, str]] = ...) -> None: ...
