"""The two timelines of a run."""

from typing import Literal, TypeAlias

Timeline: TypeAlias = Literal["train", "val"]
"""Batches to train on, or to validate with."""
