"""Normal noise (batchgeneratorsv2, `GaussianNoiseTransform`)."""

from patchstream.plan.augment.augmentation import NoiseAugmentation
from patchstream.plan.augment.subjects import Subjects
from patchstream.plan.augment.transform import NoiseTransform
from patchstream.plan.random import Purpose, draw_between, draw_event, purpose_word


def draw_noise(entry: NoiseAugmentation, subjects: Subjects) -> list[NoiseTransform | None]:
    """Of each sample one standard deviation for all channels."""
    place = subjects.place(axes=0)
    happens = draw_event(place, Purpose.NOISE, 0, entry.probability).tolist()
    sigmas = draw_between(place, Purpose.NOISE, 1, entry.range).tolist()
    word = purpose_word(subjects.timeline, Purpose.NOISE_VOXELS)
    return [
        NoiseTransform(sigma, (subjects.step, sample, word)) if does else None
        for sample, sigma, does in zip(subjects.samples.tolist(), sigmas, happens, strict=True)
    ]
