"""MONAI: CacheDataset, RandCropByPosNegLabeld and the transforms nearest to nnU-Net's, behind a ThreadDataLoader."""

import contextlib
import math

import torch
from arm import Loader, serve
from monai.data import CacheDataset, ThreadDataLoader, set_track_meta
from monai.transforms import (
    Compose,
    FgBgToIndicesd,
    RandAdjustContrastd,
    RandAffined,
    RandCropByPosNegLabeld,
    RandFlipd,
    RandGaussianNoised,
    RandGaussianSmoothd,
    RandScaleIntensityd,
    RandScaleIntensityFixedMeand,
    RandSimulateLowResolutiond,
    SpatialPadd,
)
from torch.utils.data import RandomSampler
from volumes import read_volumes

KEYS = ["image", "label"]


def crops(job: dict, crops_a_volume: int) -> list:
    return [
        # deterministic, hence cached
        SpatialPadd(KEYS, job["patch"]),
        FgBgToIndicesd("label"),
        RandCropByPosNegLabeld(
            KEYS, label_key="label", spatial_size=job["patch"], pos=job["foreground"], neg=1 - job["foreground"],
            num_samples=crops_a_volume, fg_indices_key="label_fg_indices", bg_indices_key="label_bg_indices",
        ),
    ]


def augmentation() -> list:
    """nnU-Net's order, probabilities (a single channel's) and ranges, as far as MONAI has the transform."""
    angle = math.radians(30)
    return [
        RandAffined(
            KEYS, prob=0.36, rotate_range=(angle,) * 3, scale_range=((-0.3, 0.4),) * 3,
            mode=("bilinear", "nearest"), padding_mode="zeros",
        ),
        RandGaussianNoised("image", prob=0.1, std=0.1),
        RandGaussianSmoothd("image", prob=0.1, sigma_x=(0.5, 1), sigma_y=(0.5, 1), sigma_z=(0.5, 1)),
        RandScaleIntensityd("image", factors=0.25, prob=0.15),
        RandScaleIntensityFixedMeand("image", factors=0.25, preserve_range=True, prob=0.15),
        RandSimulateLowResolutiond("image", prob=0.125, zoom_range=(0.5, 1)),
        RandAdjustContrastd("image", prob=0.1, gamma=(0.7, 1.5), invert_image=True, retain_stats=True),
        RandAdjustContrastd("image", prob=0.3, gamma=(0.7, 1.5), retain_stats=True),
        *(RandFlipd(KEYS, prob=0.5, spatial_axis=axis) for axis in range(3)),
    ]


@contextlib.contextmanager
def open_loader(job: dict):
    torch.set_num_threads(1)
    set_track_meta(False)
    volumes, _ = read_volumes(job["volumes"])
    # at least two volumes a batch, as few as divide it
    batch = job["batch"]
    in_batch = next((count for count in range(2, 10) if batch % count == 0), 2)
    steps = crops(job, math.ceil(batch / in_batch)) + (augmentation() if job["augmentation"] != "none" else [])
    dataset = CacheDataset(
        [{"image": torch.from_numpy(v.image), "label": torch.from_numpy(v.label)} for v in volumes],
        Compose(steps), copy_cache=False, progress=False,
    )
    loader = ThreadDataLoader(
        dataset, batch_size=in_batch, num_workers=job["workers"],
        sampler=RandomSampler(dataset, replacement=True, num_samples=2**40),
    )
    yield Loader((batch["image"], batch["label"]) for batch in loader)


if __name__ == "__main__":
    serve(open_loader)
