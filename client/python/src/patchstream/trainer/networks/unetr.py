"""MONAI's UNETR for patches of any size: its position embeddings are interpolated to the patch, as the paper does."""

from typing import Any, cast

from monai.networks.nets.unetr import UNETR
from torch import Tensor, nn
from torch.nn import functional

from patchstream.trainer.networks.description import UNETR_TOKEN, Size

_TAPS = (3, 6, 9)
"""Blocks, counted from 0, whose tokens the decoder takes."""


class InterpolatedUnetr(UNETR):
    """The parameters of UNETR, under its names; the embeddings are those of a patch of `grid` tokens."""

    def __init__(
        self, *, channels: int, classes: int, features: int, hidden: int, mlp: int, heads: int, grid: Size
    ) -> None:
        """Every weight is drawn at once, by PyTorch: who builds it sets its own."""
        size = tuple(UNETR_TOKEN * extent for extent in grid)
        super().__init__(channels, classes, size, features, hidden, mlp, heads)  # pyright: ignore[reportUnknownMemberType]
        self._grid = tuple(grid)

    def forward(self, x_in: Tensor) -> Tensor:
        """Logits (B,K,Z,Y,X) of an image (B,C,Z,Y,X)."""
        grid = tuple(extent // UNETR_TOKEN for extent in x_in.shape[2:])
        vit = cast(Any, self.vit)
        tokens: Tensor = vit.patch_embedding.patch_embeddings(x_in).flatten(2).transpose(1, 2) + self._positions(grid)
        hidden: list[Tensor] = []
        for block in cast(nn.ModuleList, vit.blocks):
            tokens = block(tokens)
            hidden.append(tokens)
        tokens = vit.norm(tokens)
        early, middle, late = (_as_volume(hidden[tap], grid) for tap in _TAPS)
        output = self.decoder5(_as_volume(tokens, grid), self.encoder4(late))
        output = self.decoder4(output, self.encoder3(middle))
        output = self.decoder3(output, self.encoder2(early))
        output = self.decoder2(output, self.encoder1(x_in))
        return cast(Tensor, self.out(output))

    def _positions(self, grid: tuple[int, ...]) -> Tensor:
        """(1, tokens, hidden)."""
        held = cast(Tensor, cast(Any, self.vit).patch_embedding.position_embeddings)
        if grid == self._grid:
            return held
        volume = _as_volume(held, self._grid)
        moved = functional.interpolate(volume.float(), grid, mode="trilinear", align_corners=False)
        return moved.flatten(2).transpose(1, 2)


def _as_volume(tokens: Tensor, grid: tuple[int, ...]) -> Tensor:
    """(B, tokens, C) as (B,C,Z,Y,X)."""
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, *grid).contiguous()
