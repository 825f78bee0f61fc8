# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""What torchrun starts once a rank.

A training step a batch, over a stage change that rank 0 decides. Writes what it saw.
"""

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

import patchstream
from tests.serving import SMALL_SPEC
from tests.torch.tiny_network import TinyNetwork, mean_loss


def main(address: str, folder: str) -> None:
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    network = DistributedDataParallel(TinyNetwork())
    seen: list[dict[str, object]] = []
    with patchstream.connect(address) as client:
        # Ranks that are not equally far ahead must agree all the same.
        run = client.open_run(SMALL_SPEC, credit_batches=2 + rank)
        with run.torch(rank="env") as loader:
            for batch in loader:
                network.zero_grad()
                loss = mean_loss(network(batch.image), batch.label) * batch.loss_weight
                loss.backward()
                gradients = [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]
                seen.append({"step": batch.step, "stage": batch.stage, "image": batch.image, "gradients": gradients})
                if batch.step in (2, 9):
                    changed = loader.change_stage(2 if batch.step == 9 and rank == 0 else None, hold=True)
                    seen[-1]["from_step"] = changed and changed.from_step
                if batch.step == 17:
                    break
            torch.save({"seen": seen, "state": loader.state_dict()}, Path(folder) / f"rank-{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
