# pyright: basic, reportInvalidTypeForm=false, reportArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalIterable=false, reportGeneralTypeIssues=false
# (torch, MONAI, Lightning and nibabel leave many of their types open.)
"""A network whose batches do not mix samples: the mean over ranks can be compared with the mean over samples."""

import torch
from torch import nn


class TinyNetwork(nn.Module):
    """Two convolutions, from fixed weights, in double precision."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(7)
            self.layers = nn.Sequential(nn.Conv3d(1, 3, 3, padding=1), nn.LeakyReLU(), nn.Conv3d(3, 3, 1)).double()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(B,3,Z,Y,X) logits of a (B,1,Z,Y,X) image."""
        return self.layers(image.double())


def mean_loss(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Cross entropy, a mean over samples; `label` is (B,Z,Y,X)."""
    return nn.functional.cross_entropy(logits, label.long())
