"""Batches as torch tensors: `run.torch()`."""

from .._extras import needs_extra

try:
    from .batch import BatchFacts, TorchBatch
    from .convert import to_monai, to_torch
    from .loader import LoaderOptions, PatchLoader, open_loader
except ModuleNotFoundError as missing:
    raise needs_extra("run.torch()", "torch", missing) from None

__all__ = ["BatchFacts", "LoaderOptions", "PatchLoader", "TorchBatch", "open_loader", "to_monai", "to_torch"]
