"""Writes augmentation.json: what batchgeneratorsv2's own transforms make of one small volume with parameters of ours.

batchgeneratorsv2==0.3.5 torch==2.13.0 numpy==2.4.6:  python test/golden/augmentation.py && npm run format

A case holds the drawn transform as a batch plan prints it, the patch's first voxel in the volume, and the patch after the
transform: image (C,Z,Y,X) float32 and, where it changes, label (Z,Y,X) int8, both base64 of little-endian C-order bytes.
nnU-Net pads the volume (image 0, label -1) to an enlarged patch before it transforms; so does this. The enlarged patch has
the parity of the patch on every axis, so that both have the same centre.
"""

import base64
import importlib.metadata
import json
from pathlib import Path

import numpy as np
import torch
from batchgeneratorsv2.transforms.intensity.brightness import MultiplicativeBrightnessTransform
from batchgeneratorsv2.transforms.intensity.contrast import ContrastTransform
from batchgeneratorsv2.transforms.intensity.gamma import GammaTransform
from batchgeneratorsv2.transforms.noise.gaussian_blur import GaussianBlurTransform
from batchgeneratorsv2.transforms.spatial.low_resolution import SimulateLowResolutionTransform
from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform
from batchgeneratorsv2.transforms.utils.nnunet_masking import MaskImageTransform
from torch.nn.functional import grid_sample

VOLUME = (12, 14, 10)
PATCH = (10, 13, 8)
INSIDE = (1, 0, 1)  # start of a patch that lies in the volume
ACROSS = (-3, 6, 4)  # start of one that leaves it on every axis
MARGIN = 10  # of the enlarged patch, on each side: no point that is sampled lies beyond it


def phantom():
    """Two channels, multiples of 1/64 (so exact as float32), and labels -1 to 3 in nested and touching shapes."""
    random = np.random.default_rng(20260723)
    z, y, x = np.meshgrid(*[np.linspace(-1, 1, size) for size in VOLUME], indexing="ij")
    waves = np.sin(3 * z + y) + np.cos(4 * y - 2 * x) + 0.3 * random.standard_normal(VOLUME)
    ramp = np.where(z + y > 0.4, 1.5, -0.5) + 0.8 * x
    image = np.round(np.stack([waves, ramp]) * 64) / 64
    label = np.zeros(VOLUME, np.int8)
    label[z**2 + y**2 + x**2 < 0.9] = 1
    label[(z - 0.2) ** 2 + (y + 0.1) ** 2 + x**2 < 0.3] = 2
    label[(x > 0.3) & (label == 1)] = 3
    label[(z < -0.6) & (y > 0.5)] = -1
    return torch.from_numpy(image.astype(np.float32)), torch.from_numpy(label.astype(np.int16))


def cut(volume, lower, size, fill):
    """The box of `size` at `lower` of a volume (C,Z,Y,X); voxels outside the volume are `fill`."""
    box = torch.full((volume.shape[0], *size), fill, dtype=volume.dtype)
    inside, source = [slice(None)], [slice(None)]
    for start, length, extent in zip(lower, size, volume.shape[1:]):
        first, last = max(start, 0), min(start + length, extent)
        inside.append(slice(first - start, last - start))
        source.append(slice(first, last))
    box[tuple(inside)] = volume[tuple(source)]
    return box


def text(tensor, dtype):
    return base64.b64encode(tensor.numpy().astype(dtype).tobytes()).decode()


def spatial(image, label, lower, angles, scale, in_plane=False):
    """nnU-Net's SpatialTransform; in plane, axis 0 is folded into the channels as its Convert3DTo2DTransform does."""
    enlarged = [size + 2 * MARGIN for size in PATCH]
    start = [first - MARGIN for first in lower]
    image, label = cut(image, start, enlarged, 0), cut(label[None], start, enlarged, -1)
    patch = PATCH
    if in_plane:
        whole = slice(MARGIN, MARGIN + PATCH[0])  # dummy 2D does not enlarge axis 0
        image = image[:, whole].reshape(-1, *enlarged[1:])
        label = label[:, whole].reshape(-1, *enlarged[1:])
        patch = PATCH[1:]
    transform = SpatialTransform(
        patch,
        patch_center_dist_from_border=0,
        random_crop=False,
        p_rotation=1,
        # In 2D the library takes the last angle for the turn in plane.
        rotation=(lambda image, dim: angles[0]) if in_plane else (lambda image, dim: angles[dim]),
        p_scaling=1,
        scaling=scale,
        p_synchronize_scaling_across_axes=1,
        bg_style_seg_sampling=False,
        border_mode_seg="constant",
        padding_value_seg=-1,
    )
    params = transform.get_parameters(image=image)
    moved = transform._apply_to_image(image, **params).reshape(-1, *PATCH)
    moved_label = transform._apply_to_segmentation(label, **params).reshape(*PATCH)
    return moved, moved_label, undecided(label, params["grid"])


def undecided(label, grid):
    """Voxels (flat index) whose two most likely labels float16, in which the library compares them, may not tell apart."""
    weights = []
    for value in range(-1, 4):
        onehot = (label == value).double()[:, None]
        grids = grid.double()[None].expand(onehot.shape[0], *grid.shape)
        weights.append(grid_sample(onehot, grids, align_corners=False).ravel())
    two = torch.stack(weights).topk(2, dim=0).values
    return torch.nonzero(two[0] - two[1] < 1e-3).ravel().tolist()


def intensity(transform, image, **params):
    return transform._apply_to_image(cut(image, INSIDE, PATCH, 0), **params)


def chosen(values):
    """Channels that are not left alone, and their values."""
    channels = [channel for channel, value in enumerate(values) if value is not None]
    return torch.tensor(channels), torch.tensor([values[channel] for channel in channels], dtype=torch.float32)


def blur(image, sigmas):
    transform = GaussianBlurTransform((0.5, 1.0), False, False, p_per_channel=0.5)
    apply = torch.tensor([sigma is not None for sigma in sigmas])
    return intensity(transform, image, apply_to_channel=apply, sigmas=[s for s in sigmas if s is not None])


def brightness(image, factors):
    channels, values = chosen(factors)
    transform = MultiplicativeBrightnessTransform((0.75, 1.25), False)
    return intensity(transform, image, apply_to_channel=channels, multipliers=values)


def contrast(image, factors):
    channels, values = chosen(factors)
    transform = ContrastTransform((0.75, 1.25), preserve_range=True, synchronize_channels=False)
    return intensity(transform, image, apply_to_channel=channels, multipliers=values)


def low_resolution(image, zooms):
    channels, values = chosen(zooms)
    transform = SimulateLowResolutionTransform((0.5, 1), False, True, None, p_per_channel=0.5)
    return intensity(transform, image, apply_to_channel=channels, scales=values)


def gamma(image, inverted, gammas):
    channels, values = chosen(gammas)
    transform = GammaTransform((0.7, 1.5), int(inverted), False, 1, 1)
    params = {"retain_stats": torch.ones(len(channels)), "invert_image": torch.full((len(channels),), inverted)}
    return intensity(transform, image, apply_to_channel=channels, gamma=values, **params)


def mask(image, label, channels):
    patch = {"image": cut(image, INSIDE, PATCH, 0), "segmentation": cut(label[None], INSIDE, PATCH, -1)}
    return MaskImageTransform(channels)(**patch)["image"]


INTENSITIES = {
    "blur": lambda image, one: blur(image, one["sigmas"]),
    "brightness": lambda image, one: brightness(image, one["factors"]),
    "contrast": lambda image, one: contrast(image, one["factors"]),
    "low-resolution": lambda image, one: low_resolution(image, one["zooms"]),
    "gamma": lambda image, one: gamma(image, one["inverted"], one["gammas"]),
}

SPATIAL_CASES = [
    ("turned about z", INSIDE, [0.4, 0, 0], 1, False),
    ("turned about y", INSIDE, [0, -0.35, 0], 1, False),
    ("turned about x", INSIDE, [0, 0, 0.5], 1, False),
    ("turned about all axes", INSIDE, [0.45, -0.2, 0.3], 1, False),
    ("made larger", INSIDE, [0, 0, 0], 0.7, False),
    ("made smaller", INSIDE, [0, 0, 0], 1.4, False),
    ("turned and made smaller across the border", ACROSS, [-0.3, 0.25, 0.5], 1.2, False),
    ("turned in plane", INSIDE, [2.2, 0, 0], 1, True),
    ("turned in plane and made larger across the border", ACROSS, [-1, 0, 0], 0.8, True),
]

INTENSITY_CASES = [
    {"kind": "blur", "sigmas": [[0.5, 0.75, 1], [0.95, 0.6, 0.55]]},
    {"kind": "blur", "sigmas": [None, [0.7, 0.7, 0.9]]},
    {"kind": "brightness", "factors": [0.75, 1.2]},
    {"kind": "contrast", "factors": [0.8, 1.25]},
    {"kind": "contrast", "factors": [1.25, None]},
    {"kind": "low-resolution", "zooms": [[0.5, 0.5, 0.5], [0.73, 0.73, 0.73]]},
    {"kind": "low-resolution", "zooms": [None, [1, 0.62, 0.62]]},
    {"kind": "gamma", "inverted": True, "gammas": [0.7, 1.5]},
    {"kind": "gamma", "inverted": False, "gammas": [1.4, 0.85]},
]


def main():
    torch.set_num_threads(1)
    image, label = phantom()
    cases = []
    for name, lower, angles, scale, in_plane in SPATIAL_CASES:
        moved, moved_label, ties = spatial(image, label, lower, angles, scale, in_plane)
        transform = {"kind": "spatial", "anglesRad": angles, "scale": scale, "inPlane": in_plane}
        case = {"name": name, "transform": transform, "lower": lower, "image": text(moved, "<f4")}
        cases.append({**case, "label": text(moved_label, "i1"), "undecided": ties})
    for transform in INTENSITY_CASES:
        moved = INTENSITIES[transform["kind"]](image, transform)
        cases.append({"name": transform["kind"], "transform": transform, "lower": INSIDE, "image": text(moved, "<f4")})
    transform = {"kind": "mask", "channels": [1]}
    moved = mask(image, label, transform["channels"])
    cases.append({"name": "mask", "transform": transform, "lower": INSIDE, "image": text(moved, "<f4")})
    golden = {
        "versions": {name: importlib.metadata.version(name) for name in ("batchgeneratorsv2", "torch", "numpy")},
        "volume": {"size": VOLUME, "channels": 2, "image": text(image, "<f4"), "label": text(label, "i1")},
        "patchSize": PATCH,
        "cases": cases,
    }
    (Path(__file__).parent / "augmentation.json").write_text(json.dumps(golden, indent=2) + "\n")


main()
