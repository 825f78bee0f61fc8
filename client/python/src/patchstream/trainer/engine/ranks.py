"""The processes that train one network together, each on its share of every batch."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which of how many processes this one is."""

    rank: int = 0
    count: int = 1

    def total(self, own: Tensor) -> Tensor:
        """The sum over all ranks. Its gradient is that of this rank's own part."""
        if self.count == 1:
            return own
        total = own.detach().clone()
        distributed.all_reduce(total)
        return own + (total - own).detach()

    def of_first(self, value: Value) -> Value:
        """The first rank's value, on all."""
        if self.count == 1:
            return value
        held = [value]
        distributed.broadcast_object_list(held, group=_words())
        return held[0]

    def largest(self, value: int) -> int:
        """The largest of all ranks' values."""
        if self.count == 1:
            return value
        held = torch.tensor(value)
        distributed.all_reduce(held, distributed.ReduceOp.MAX, group=_words())
        return int(held)

    def add_up(self, gradients: Sequence[Tensor]) -> None:
        """Puts the sum over all ranks in the place of each gradient."""
        if self.count == 1:
            return
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        begin = 0
        for gradient in gradients:
            gradient.copy_(flat[begin : begin + gradient.numel()].view_as(gradient))
            begin += gradient.numel()


@cache
def _words() -> Any:
    """What the ranks tell each other beside tensors goes from CPU to CPU."""
    return distributed.new_group(backend="gloo")


def join_ranks(*, is_on_gpu: bool) -> Ranks:
    """Joins the ranks that torchrun started, where it did."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Ranks()
    distributed.init_process_group("nccl" if is_on_gpu else "gloo")
    _words()
    return Ranks(distributed.get_rank(), count)


def leave_ranks(ranks: Ranks) -> None:
    """After the last step."""
    if ranks.count > 1:
        distributed.destroy_process_group()
