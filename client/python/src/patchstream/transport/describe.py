"""The calls that describe a data set and a run, at one server."""

import json
from collections.abc import Iterable
from operator import itemgetter

from ..dataset_info import CaseGeometry, DatasetCase, DatasetInfo, LabelRegion
from ..errors import PatchstreamError
from ..run_info import Limits, RankShare, RunInfo, RunStage, RunTimeline
from ..v1 import data_pb2
from ..wire.call_scope import CallScope
from ..wire.calls import call_unary
from ..wire.channel import Channel
from ..wire.checksums import sha256
from ..wire.stream import TensorShape, TensorType, broken_protocol, damaged
from ..zyx import Zyx

MOST_WALKS = 3
"""How often the data set may change between two of its pages."""
_TENSOR_TYPES: dict[str, TensorType] = {"f32": "f32", "f16": "f16", "bf16": "bf16", "i16": "i16", "u8": "u8"}


def describe_dataset(channel: Channel, scope: CallScope) -> DatasetInfo:
    """A data set's description, whole: all of its pages, from one state of it."""
    return _walk(channel, scope, MOST_WALKS)


def describe_run(channel: Channel, scope: CallScope, *, spec: bytes, ranks: int) -> RunInfo:
    """What a run of a spec is. Raises MESSAGE_DAMAGED where the spec changed on its way, there or back."""
    request = data_pb2.DescribeRunRequest(spec=spec, spec_sha256=sha256(spec), ranks=ranks)
    answer = call_unary(channel, "DescribeRun", request, data_pb2.DescribeRunResponse, scope)
    if not answer.received_sha256:
        raise broken_protocol("a run was described without the spec that was received")
    if answer.received_sha256 != sha256(spec) or sha256(answer.spec).hex() != answer.digest:
        raise damaged("the run spec")
    if not answer.HasField("limits"):
        raise broken_protocol("a run was described without limits")
    limits = answer.limits
    return RunInfo(
        spec_bytes=answer.spec,
        digest=answer.digest,
        ranks=ranks,
        channels=answer.channels,
        train=_timeline(answer.train, ranks),
        val=_timeline(answer.val, ranks),
        plans_json=answer.plans_json.decode(),
        dataset_json=answer.dataset_json.decode(),
        channels_last=json.loads(answer.spec)["wire"]["layout"] == "channels-last",
        limits=Limits(
            max_outstanding_bytes=limits.max_outstanding_bytes,
            max_outstanding_steps=limits.max_outstanding_steps,
            max_batch_bytes=limits.max_batch_bytes,
            max_samples=limits.max_samples,
            max_stage_decisions=limits.max_stage_decisions,
            max_spec_bytes=limits.max_spec_bytes,
            max_message_bytes=limits.max_message_bytes,
            max_streams=limits.max_streams,
            max_streams_of_one_peer=limits.max_streams_of_one_peer,
            max_calls=limits.max_calls,
            max_calls_of_one_peer=limits.max_calls_of_one_peer,
            max_stall_ms=limits.max_stall_ms,
            max_stall_when_needed_ms=limits.max_stall_when_needed_ms,
        ),
    )


def _walk(channel: Channel, scope: CallScope, walks: int) -> DatasetInfo:
    try:
        return _read_dataset(channel, scope)
    except PatchstreamError as error:
        if error.code != "DATASET_CHANGED" or walks == 1:
            raise
    return _walk(channel, scope, walks - 1)


def _read_dataset(channel: Channel, scope: CallScope) -> DatasetInfo:
    cases: list[DatasetCase] = []
    page_token = ""
    while True:
        request = data_pb2.DescribeDatasetRequest(page_token=page_token)
        page = call_unary(channel, "DescribeDataset", request, data_pb2.DescribeDatasetResponse, scope)
        cases.extend(map(_case, page.cases))
        page_token = page.next_page_token
        if not page.cases if page_token else len(cases) != page.case_count:
            raise broken_protocol(f"{len(cases)} cases came of {page.case_count}")
        if not page_token:
            return _dataset(page, cases)


def _dataset(page: data_pb2.DescribeDatasetResponse, cases: Iterable[DatasetCase]) -> DatasetInfo:
    return DatasetInfo(
        name=page.name,
        digest=page.digest,
        channel_names=tuple(page.channel_names),
        labels=dict(sorted(page.labels.items(), key=itemgetter(1))),
        classes=tuple(page.classes),
        source_values=tuple(page.source_values),
        regions=tuple(LabelRegion(one.name, tuple(one.values), one.export_value) for one in page.regions),
        ignore_label=page.ignore_label if page.HasField("ignore_label") else None,
        plan=json.loads(page.plan),
        batch_dice=page.batch_dice if page.HasField("batch_dice") else None,
        cases=tuple(cases),
        recipe=page.recipe,
        version=page.version,
    )


def _case(case: data_pb2.Case) -> DatasetCase:
    if not case.HasField("geometry"):
        raise broken_protocol(f"case {case.id} came without geometry")
    geometry = case.geometry
    channels, *size = case.shape or (0,)
    return DatasetCase(
        id=case.id,
        shape=(channels, *_zyx(size)),
        spacing_mm=_millimetres(case.spacing_mm),
        foreground_counts=tuple(case.foreground_counts),
        digest=case.digest,
        geometry=CaseGeometry(
            affine=tuple(geometry.affine),
            original_shape=_zyx(geometry.original_shape),
            original_spacing_mm=_millimetres(geometry.original_spacing_mm),
            transpose=_zyx(geometry.transpose),
            crop_start=_zyx(geometry.crop_start),
            crop_end=_zyx(geometry.crop_end),
            label_header=geometry.label_header,
        ),
        unlabelled=case.unlabelled,
    )


def _timeline(timeline: data_pb2.RunTimeline, ranks: int) -> RunTimeline:
    """A timeline whose stages each say what every one of `ranks` ranks gets."""
    if not timeline.stages:
        raise broken_protocol("a run was described without its stages")
    stages = tuple(_stage(stage, ranks) for stage in timeline.stages)
    return RunTimeline(timeline.steps, tuple(timeline.epoch_first_steps), stages)


def _stage(stage: data_pb2.RunStage, ranks: int) -> RunStage:
    ends = [0, *(share.end_rank for share in stage.shares)]
    if ends[-1] != ranks or [share.first_rank for share in stage.shares] != ends[:-1]:
        raise broken_protocol(f"stage {stage.stage} was not described for {ranks} ranks")
    return RunStage(
        stage=stage.stage,
        first_step=stage.first_step if stage.HasField("first_step") else None,
        end_step=stage.end_step if stage.HasField("end_step") else None,
        patch_size=_zyx(stage.patch_size),
        batch_size=stage.batch_size,
        shares=tuple(map(_share, stage.shares)),
    )


def _share(share: data_pb2.RankShare) -> RankShare:
    return RankShare(
        first_rank=share.first_rank,
        end_rank=share.end_rank,
        samples=share.samples,
        loss_weight=share.loss_weight,
        tensors=tuple(map(_tensor, share.tensors)),
        byte_length=share.byte_length,
    )


def _tensor(tensor: data_pb2.Tensor) -> TensorShape:
    known = _TENSOR_TYPES.get(tensor.type)
    if known is None:
        raise broken_protocol(f"a tensor has type {tensor.type}")
    return TensorShape(tensor.name, known, tuple(tensor.shape), tensor.byte_length)


def _zyx(values: Iterable[int]) -> Zyx:
    numbers = tuple(values)
    if len(numbers) != 3:
        raise broken_protocol(f"{len(numbers)} numbers for Z,Y,X")
    return numbers


def _millimetres(values: Iterable[float]) -> tuple[float, float, float]:
    numbers = tuple(values)
    if len(numbers) != 3:
        raise broken_protocol(f"{len(numbers)} numbers for Z,Y,X")
    return numbers
