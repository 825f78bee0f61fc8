"""TorchIO: a Queue with a LabelSampler. Each patch is augmented by itself, as in the other arms, after it leaves the queue."""

import contextlib

import torch
import torchio as tio
from arm import Loader, serve
from torch.utils.data import Dataset
from volumes import Volume, read_volumes


def subject(volume: Volume, patch: list[int]) -> tio.Subject:
    one = tio.Subject(
        image=tio.ScalarImage(tensor=torch.from_numpy(volume.image)),
        label=tio.LabelMap(tensor=torch.from_numpy(volume.label)),
    )
    return tio.CropOrPad(tuple(max(pair) for pair in zip(one.spatial_shape, patch)))(one)


def augmentation() -> tio.Transform:
    """nnU-Net's order, probabilities (a single channel's) and ranges; TorchIO has no brightness and no contrast factor."""
    return tio.Compose([
        tio.RandomAffine(scales=(0.7, 1.4), degrees=30, isotropic=True, default_pad_value=0, p=0.36),
        tio.RandomNoise(std=(0, 0.1), p=0.1),
        tio.RandomBlur(std=(0.5, 1), p=0.1),
        tio.RandomAnisotropy(downsampling=(1, 2), p=0.125),
        tio.RandomGamma(log_gamma=(-0.36, 0.41), p=0.4),
        tio.RandomFlip(axes=(0, 1, 2), flip_probability=0.5),
    ])


class Augmented(Dataset):
    def __init__(self, patches: tio.Queue, transform: tio.Transform):
        self.patches, self.transform = patches, transform

    def __len__(self) -> int:
        return len(self.patches)

    def __getitem__(self, index: int) -> tio.Subject:
        return self.transform(self.patches[index])


def _batches(dataset: Dataset, batch: int):
    while True:
        for patches in tio.SubjectsLoader(dataset, batch_size=batch, num_workers=0, drop_last=True):
            yield patches["image"][tio.DATA], patches["label"][tio.DATA]


@contextlib.contextmanager
def open_loader(job: dict):
    torch.set_num_threads(1)
    volumes, labels = read_volumes(job["volumes"])
    batch, foreground = job["batch"], job["foreground"]
    patches_a_volume = max(10, -(-batch // 2))
    classes = sorted(value for value in labels.values() if value > 0)
    probabilities = {0: 1 - foreground} | {value: foreground / len(classes) for value in classes}
    queue = tio.Queue(
        tio.SubjectsDataset([subject(volume, job["patch"]) for volume in volumes]),
        max_length=2 * patches_a_volume, samples_per_volume=patches_a_volume,
        sampler=tio.LabelSampler(job["patch"], "label", probabilities), num_workers=job["workers"],
    )
    dataset = queue if job["augmentation"] == "none" else Augmented(queue, augmentation())
    yield Loader(_batches(dataset, batch), batches_per_refill=max(1, 2 * patches_a_volume // batch))


if __name__ == "__main__":
    serve(open_loader)
