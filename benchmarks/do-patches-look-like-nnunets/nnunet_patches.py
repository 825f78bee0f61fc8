"""Statistics of patches: nnU-Net's own, by its data loader and transforms, and those of a file. A line of JSON in, one out."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform
from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms
from nnunetv2.training.dataloading.data_loader import nnUNetDataLoader
from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.utilities.label_handling.label_handling import LabelManager

QUANTILES = (0.01, 0.25, 0.5, 0.75, 0.99)


def write_cases(folder: Path) -> tuple[Path, dict[str, int]]:
    """Writes exported volumes once as nnU-Net's preprocessor would; the folder, and the labels' names."""
    described = json.loads((folder / "volumes.json").read_text())
    cases = folder / "nnunet"
    if not cases.exists():
        cases.mkdir()
        for case in described["cases"]:
            shape = tuple(case["shape"])
            image = np.fromfile(folder / f"{case['id']}.image", "<f4").reshape(shape)
            label = np.fromfile(folder / f"{case['id']}.label", "<i2").reshape(1, *shape[1:])
            locations = {}
            for value in case["classes"]:
                voxels = np.fromfile(folder / f"{case['id']}.locations.{value}", "<u4").reshape(-1, 3)
                locations[value] = np.pad(voxels.astype(np.int64), ((0, 0), (1, 0)))  # nnU-Net's are (channel, z, y, x)
            whole = {"chunks": shape, "blocks": shape, "chunks_seg": label.shape, "blocks_seg": label.shape}
            nnUNetDatasetBlosc2.save_case(
                image, label, {"class_locations": locations}, str(cases / case["id"]), **whole
            )
    return cases, described["labels"]


def enlarged_patch(patch: list[int]):
    """nnU-Net's rotation, and the size of the box that it reads for a patch."""
    trainer = SimpleNamespace(
        configuration_manager=SimpleNamespace(patch_size=patch), print_to_log_file=lambda *_: None
    )
    rotation, dummy_2d, crop, mirror_axes = (
        nnUNetTrainer.configure_rotation_dummyDA_mirroring_and_inital_patch_size(trainer)
    )
    if dummy_2d:
        raise ValueError(f"patch {patch} is augmented slice by slice; this compares patches that are turned in space")
    return rotation, mirror_axes, [int(extent) for extent in crop]


def nnunet_transforms(patch: list[int], arm: str) -> ComposeTransforms:
    """nnU-Net's training transforms, or those of them that an arm has."""
    rotation, mirror_axes, _ = enlarged_patch(patch)
    whole = nnUNetTrainer.get_training_transforms(
        patch, rotation, None, mirror_axes, False, use_mask_for_norm=[False], foreground_labels=None
    )
    spatial, *others = whole.transforms
    if arm == "all":
        return whole
    if arm == "intensity":
        spatial.p_rotation = spatial.p_scaling = 0
        return whole
    spatial.p_rotation = 1 if arm == "turn" else 0
    spatial.p_scaling = 1 if arm == "zoom" else 0
    return ComposeTransforms([spatial, others[-1]])  # the last one makes 0 of label -1


def statistics(image: np.ndarray, label: np.ndarray) -> np.ndarray:
    """A row of numbers for each patch: image (n, voxels), label (n, voxels)."""
    columns = [image.mean(1), image.std(1), *np.quantile(image, QUANTILES, axis=1), (image == 0).mean(1)]
    columns += [(label == value).mean(1) for value in (1, 2)]
    return np.stack(columns, 1)


NAMES = ["mean", "deviation", *(f"quantile {q}" for q in QUANTILES), "zeros", "class 1", "class 2"]


def nnunet_rows(job: dict, cases: Path, labels: dict[str, int]) -> np.ndarray:
    patch, arm = job["patch"], job["arm"]
    _, _, crop = enlarged_patch(patch)
    if job["roomy"]:
        # as large as any turn and zoom can need, and by an even number more than the patch
        crop = [extent + 2 * int(np.ceil(0.75 * np.linalg.norm(patch))) for extent in patch]
    loader = nnUNetDataLoader(
        nnUNetDatasetBlosc2(str(cases)), job["batch"], crop, patch, LabelManager(labels, None),
        oversample_foreground_percent=job["foreground"], transforms=nnunet_transforms(patch, arm),
    )
    rows = []
    for _ in range(job["batches"]):
        batch = next(loader)
        image, label = batch["data"].numpy(), batch["target"].numpy()
        rows.append(statistics(image.reshape(len(image), -1), label.reshape(len(label), -1)))
    return np.concatenate(rows)


def file_rows(job: dict) -> np.ndarray:
    """Batches end to end, each image (f32) then label (u8)."""
    voxels = int(np.prod(job["patch"]))
    sample = np.dtype([("image", "<f4", (job["batch"], voxels)), ("label", "u1", (job["batch"], voxels))])
    batches = np.memmap(job["file"], sample, "r")
    return np.concatenate([statistics(np.asarray(b["image"]), np.asarray(b["label"])) for b in batches])


def half_voxel(patch: list[int]) -> list[float]:
    """By how many voxels nnU-Net's patch moves when it is turned by no angle at all, on each axis."""
    _, _, crop = enlarged_patch(patch)
    ramp = torch.stack(torch.meshgrid(*(torch.arange(float(extent)) for extent in crop), indexing="ij"))
    turned, plain = (
        SpatialTransform(patch, 0, False, p_elastic_deform=0, p_rotation=p, rotation=(0, 0), p_scaling=0)(image=ramp)["image"]
        for p in (1, 0)
    )
    centre = tuple(extent // 2 for extent in patch)
    return [round(float((turned - plain)[axis][centre]), 3) for axis in range(3)]


def outside(job: dict) -> dict:
    """The share of a patch that lies outside the volume, by nnU-Net's `get_bbox` and the middle of the box that it crops."""
    folder, patch = Path(job["volumes"]), job["patch"]
    described = json.loads((folder / "volumes.json").read_text())
    _, _, crop = enlarged_patch(patch)
    labels = LabelManager(described["labels"], None)
    loader = nnUNetDataLoader(SimpleNamespace(identifiers=[]), job["batch"], crop, patch, labels, job["foreground"])
    locations = [
        {value: np.pad(np.fromfile(folder / f"{case['id']}.locations.{value}", "<u4").reshape(-1, 3).astype(np.int64), ((0, 0), (1, 0)))
         for value in case["classes"]}
        for case in described["cases"]
    ]
    shares = []
    for _ in range(job["batches"]):
        for sample in range(job["batch"]):
            index = np.random.choice(len(locations))
            shape = described["cases"][index]["shape"][1:]
            starts, _ = loader.get_bbox(shape, loader.get_do_oversample(sample), locations[index])
            shares.append(1.0)
            for start, box, extent, size in zip(starts, crop, patch, shape):
                first = start + box // 2 - extent // 2  # as batchgeneratorsv2's crop_tensor
                shares[-1] *= max(0, min(first + extent, size) - max(first, 0)) / extent
    return mean_and_error(1 - np.array(shares))


def mean_and_error(values: np.ndarray) -> dict:
    return {"mean": float(values.mean()), "error": float(values.std(ddof=1) / np.sqrt(len(values)))}


def summary(rows: np.ndarray) -> dict:
    return {name: mean_and_error(rows[:, at]) for at, name in enumerate(NAMES)}


def main() -> None:
    torch.set_num_threads(1)
    for line in sys.stdin:
        job = json.loads(line)
        np.random.seed(job["seed"])
        torch.manual_seed(job["seed"])
        _, _, crop = enlarged_patch(job["patch"])
        answer = {"enlarged": crop, "shift": half_voxel(job["patch"])}
        if job["arm"] == "starts":
            answer["outside"] = outside(job)
        else:
            cases, labels = write_cases(Path(job["volumes"]))
            answer["ours"] = summary(file_rows(job))
            answer["nnunet"] = summary(nnunet_rows(job, cases, labels))
        print(json.dumps(answer), flush=True)


main()
