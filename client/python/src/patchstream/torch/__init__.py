"""Batches as torch tensors: `run.torch()`."""

from .._extras import needs_extra

try:
    from .batch import ToTorch, TorchBatch
    from .loader import PatchLoader, open_loader
    from .ranks import Rank
except ModuleNotFoundError as missing:
    raise needs_extra("run.torch()", "torch", missing) from None

__all__ = ["PatchLoader", "Rank", "ToTorch", "TorchBatch", "open_loader"]
