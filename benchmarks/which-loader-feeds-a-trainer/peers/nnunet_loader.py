"""nnU-Net v2's own data loader and transforms, put together as nnUNetTrainer.get_dataloaders does."""

import contextlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from arm import Loader, serve
from batchgenerators.dataloading.nondet_multi_threaded_augmenter import NonDetMultiThreadedAugmenter
from batchgenerators.dataloading.single_threaded_augmenter import SingleThreadedAugmenter
from nnunetv2.training.dataloading.data_loader import nnUNetDataLoader
from nnunetv2.training.dataloading.nnunet_dataset import comp_blosc2_params, nnUNetDatasetBlosc2
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.utilities.label_handling.label_handling import LabelManager
from volumes import read_volumes


def preprocessed(job: dict) -> tuple[str, dict[str, int]]:
    """Writes the volumes once as nnU-Net's preprocessor would for the plan's own patch size."""
    folder = Path(job["volumes"]) / "nnunet"
    volumes, labels = read_volumes(job["volumes"])
    if not folder.exists():
        folder.mkdir()
        plan_patch = tuple(job["planPatch"])
        for volume in volumes:
            blocks, chunks = comp_blosc2_params(volume.image.shape, plan_patch, volume.image.itemsize)
            blocks_seg, chunks_seg = comp_blosc2_params(volume.label.shape, plan_patch, volume.label.itemsize)
            # nnU-Net's locations are (channel, z, y, x)
            locations = {value: np.pad(voxels, ((0, 0), (1, 0))) for value, voxels in volume.locations.items()}
            nnUNetDatasetBlosc2.save_case(
                volume.image, volume.label, {"class_locations": locations}, str(folder / volume.id),
                chunks=chunks, blocks=blocks, chunks_seg=chunks_seg, blocks_seg=blocks_seg,
            )
    return str(folder), labels


def transforms_and_crop(job: dict, labels: LabelManager):
    """nnU-Net's training transforms with the enlarged patch that they need, or its validation transforms."""
    patch = job["patch"]
    if job["augmentation"] == "none":
        return nnUNetTrainer.get_validation_transforms(None, foreground_labels=labels.foreground_labels), patch
    trainer = SimpleNamespace(
        configuration_manager=SimpleNamespace(patch_size=patch), print_to_log_file=lambda *_: None
    )
    rotation, dummy_2d, crop, mirror_axes = (
        nnUNetTrainer.configure_rotation_dummyDA_mirroring_and_inital_patch_size(trainer)
    )
    transforms = nnUNetTrainer.get_training_transforms(
        patch, rotation, None, mirror_axes, dummy_2d,
        use_mask_for_norm=[False], foreground_labels=labels.foreground_labels,
    )
    return transforms, crop


@contextlib.contextmanager
def open_loader(job: dict):
    torch.set_num_threads(1)
    folder, label_names = preprocessed(job)
    labels = LabelManager(label_names, None)
    transforms, crop = transforms_and_crop(job, labels)
    data_loader = nnUNetDataLoader(
        nnUNetDatasetBlosc2(folder), job["batch"], crop, job["patch"], labels,
        oversample_foreground_percent=job["foreground"], transforms=transforms,
    )
    workers = job["workers"]
    if workers == 0:
        yield Loader(_tensors(SingleThreadedAugmenter(data_loader, None)))
        return
    augmenter = NonDetMultiThreadedAugmenter(
        data_loader=data_loader, transform=None, num_processes=workers, num_cached=max(6, workers // 2),
        seeds=None, pin_memory=False, wait_time=0.002,
    )
    try:
        yield Loader(_tensors(augmenter))
    finally:
        augmenter._finish()


def _tensors(batches):
    for batch in batches:
        yield batch["data"], batch["target"]


if __name__ == "__main__":
    serve(open_loader)
