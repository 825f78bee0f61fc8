"""Checks what a server says of a run against its spec."""

from dataclasses import fields
from hashlib import sha256

from patchstream.errors import PatchstreamError
from patchstream.plan.batch.run_timeline import run_timeline
from patchstream.plan.described import spec_of
from patchstream.run_info import RunInfo, RunStage, RunTimeline
from patchstream.timeline import Timeline


def verify_run(info: RunInfo) -> None:
    """Compares the description of a run with what its resolved spec plans.

    The digest; of both timelines the steps, the first steps of epochs and stages, the patch, batch and tensors of every
    stage, and the shares of ranks. Raises INTERNAL naming the first that differs, and what `read_spec` raises.
    """
    spec = spec_of(info)
    _compare("digest", info.digest, sha256(info.spec_bytes).hexdigest())
    timelines: tuple[tuple[Timeline, RunTimeline], ...] = (("train", info.train), ("val", info.val))
    for timeline, described in timelines:
        planned = run_timeline(spec, info.channels, timeline=timeline, ranks=info.ranks)
        _compare_fields(timeline, described, planned, without="stages")
        _compare(f"{timeline}.stages", len(described.stages), len(planned.stages))
        for index, (stage, wanted) in enumerate(zip(described.stages, planned.stages, strict=True)):
            _compare_fields(f"{timeline}.stages[{index}]", stage, wanted)


def _compare_fields(where: str, got: RunTimeline | RunStage, want: RunTimeline | RunStage, without: str = "") -> None:
    for field in fields(got):
        if field.name != without:
            _compare(f"{where}.{field.name}", getattr(got, field.name), getattr(want, field.name))


def _compare(where: str, got: object, want: object) -> None:
    if got != want:
        facts = {"code": "INTERNAL", "where": f"the server's description of the run, {where}"}
        raise PatchstreamError({**facts, "reason": f"it says {got}; the spec plans {want}"})
