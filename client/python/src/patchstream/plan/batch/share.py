"""A rank's share of a batch: the samples j with j mod ranks = rank."""

import numpy as np

from patchstream.errors import refuse_request
from patchstream.plan.arrays import Integers
from patchstream.plan.run_spec.resolved_spec import ResolvedSpec


def share_size(batch_size: int, rank: int, ranks: int) -> int:
    """Samples that a rank owns of a batch of `batch_size`."""
    return -((rank - batch_size) // ranks)


def samples_of(batch_size: int, rank: int, ranks: int) -> Integers:
    """Numbers of the samples that a rank owns of a batch of `batch_size`, ascending."""
    return np.arange(rank, batch_size, ranks, dtype=np.int64)


def check_rank(spec: ResolvedSpec, rank: int, ranks: int) -> None:
    """Raises REQUEST_INVALID where some rank would get no sample of some batch, and for a rank that does not exist."""
    smallest = min(spec.plan.batch_size, *(stage.batch_size for stage in spec.stages))
    if not 1 <= ranks <= smallest:
        raise refuse_request("ranks", ranks, f"an integer from 1 to {smallest}, the smallest batch of the run")
    if not 0 <= rank < ranks:
        raise refuse_request("rank", rank, f"an integer from 0 to {ranks - 1} (of {ranks} ranks)")
