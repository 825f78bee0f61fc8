"""Which rank a process is, and how all ranks agree."""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch.distributed as dist

from ..errors import refuse_request
from ..transport.decide_stage import RunProgress, StageProposal, decide_stage

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup


@dataclass(frozen=True, slots=True)
class Rank:
    """One trainer process of `ranks`."""

    rank: int
    ranks: int


def rank_of_environment() -> Rank:
    """`RANK` and `WORLD_SIZE`, as torchrun sets them; the only rank where neither is set."""
    names = ("RANK", "WORLD_SIZE")
    if all(name not in os.environ for name in names):
        return Rank(0, 1)
    rank, ranks = (_number(name) for name in names)
    return Rank(rank, ranks)


def _number(name: str) -> int:
    text = os.environ.get(name)
    if text is None or not text.isdecimal():
        raise refuse_request(f"environment variable {name}", text, "a number, as torchrun sets it")
    return int(text)


def chosen_rank(rank: Literal["env"] | int | None, ranks: int | None, own: Rank) -> Rank:
    """The rank that `run.torch` was asked for; None: the run's own."""
    if rank == "env":
        return rank_of_environment()
    if rank is None and ranks is None:
        return own
    if rank is None or ranks is None:
        missing = "rank" if rank is None else "ranks"
        raise refuse_request(missing, None, "given where the other one of rank and ranks is")
    return Rank(rank, ranks)


@dataclass(frozen=True, slots=True)
class _Said:
    """What each rank tells all others."""

    digest: str
    progress: RunProgress
    proposal: StageProposal | None


def agree_on_stage(
    proposal: StageProposal | None, progress: RunProgress, *, digest: str, group: "ProcessGroup | None"
) -> StageProposal | None:
    """What rank 0 proposes (None: nothing), from a step on that no rank has passed. Every rank of the group calls it.

    Without a step of its own, it is the first that no rank has wanted: nowhere is a batch thrown away. Raises
    STEP_PASSED on all ranks where one of them is further than the step that rank 0 names, REQUEST_INVALID where they
    read different runs.
    """
    said = _Said(digest, progress, proposal)
    everyone: list[_Said | None] = [None] * dist.get_world_size(group)
    dist.all_gather_object(everyone, said, group)
    heard = [one for one in everyone if one is not None]
    if any(one.digest != heard[0].digest for one in heard):
        raise refuse_request("run digest", digest, f"rank 0's, {heard[0].digest}")
    chosen = heard[0].proposal
    if chosen is None:
        return None
    furthest = RunProgress(
        max(one.progress.first_undelivered for one in heard), max(one.progress.first_unwanted for one in heard)
    )
    return with_first_step(chosen, furthest)


def with_first_step(proposal: StageProposal, progress: RunProgress) -> StageProposal:
    """With the step that it begins at. Raises as `decide_stage`."""
    return replace(proposal, from_step=decide_stage(proposal, progress).from_step, immediate=False)


def is_distributed() -> bool:
    """Whether this process can ask other ranks."""
    return dist.is_available() and dist.is_initialized()
