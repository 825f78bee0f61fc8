"""The samples whose augmentation is drawn."""

from dataclasses import dataclass

import numpy as np

from patchstream.plan.arrays import Integers
from patchstream.plan.random import DrawPlace
from patchstream.timeline import Timeline
from patchstream.zyx import Zyx


@dataclass(frozen=True, slots=True)
class Subjects:
    """Samples of one batch."""

    seed: int
    timeline: Timeline
    step: int
    samples: Integers
    """Their numbers in the global batch."""
    crop_size: Zyx
    """The box that is cut from the volume (Z,Y,X)."""
    channels: int
    """Of the image."""

    def place(self, axes: int, of: Integers | None = None) -> DrawPlace:
        """Where the samples (or those at the places `of`) are drawn, with `axes` axes of length 1 after theirs."""
        samples = self.samples if of is None else self.samples[of]
        return DrawPlace(self.seed, self.timeline, self.step, np.reshape(samples, (-1,) + (1,) * axes))

    def channel_indices(self, width: int) -> Integers:
        """Where the draws of each channel begin, for `width` draws a channel after the sample's own."""
        return 1 + width * np.arange(self.channels)
