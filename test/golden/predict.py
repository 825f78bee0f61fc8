"""Writes predict.json: the labels that nnU-Net's own predictor makes of raw images with known weights, for `patchstream predict` to agree with.

torch==2.15.0 nnunetv2==2.8.1 SimpleITK==2.5.7:  python test/golden/predict.py && npm run format

Weights, images and plans are what both sides compute or read from the file: `sequence` and `known` are those of networks.py. nnU-Net
sums logits and their weights in float16, which rounds them to three digits, and to fewer at the borders of a volume, where the weights are
smallest. Stored is the label that it makes when these two sums are float32 and nothing else is changed, and how many voxels are others
when it is left as it is.
"""

import base64
import functools
import gzip
import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO
from nnunetv2.inference import predict_from_raw_data
from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

sys.path.insert(0, str(Path(__file__).parent))
from networks import known, sequence  # noqa: E402

STRIDE = 331  # of the probabilities that are stored
HIPPOCAMPUS = "examples/data/Task04_Hippocampus/imagesTr/hippocampus_003_0000.nii.gz"


def intensities(mean, std, low, high):
    return {
        "mean": mean,
        "median": mean,
        "std": std,
        "min": low,
        "max": high,
        "percentile_00_5": low,
        "percentile_99_5": high,
    }


def plans_of(*, spacing, transpose, patch, schemes, masks, features, strides, kernels, properties, residual=False):
    resampling = {
        f"resampling_fn_{kind}{suffix}": value
        for kind, order in (("data", 3), ("seg", 1), ("probabilities", 1))
        for suffix, value in (
            ("", "resample_data_or_seg_to_shape"),
            ("_kwargs", {"is_seg": kind == "seg", "order": order, "order_z": 0, "force_separate_z": None}),
        )
    }
    levels = len(features)
    counts = (
        {"n_blocks_per_stage": [1] * levels, "n_conv_per_stage_decoder": [1] * (levels - 1)}
        if residual
        else {"n_conv_per_stage": [2] * levels, "n_conv_per_stage_decoder": [2] * (levels - 1)}
    )
    network = "ResidualEncoderUNet" if residual else "PlainConvUNet"
    return {
        "dataset_name": "Golden",
        "plans_name": "nnUNetPlans",
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": transpose,
        "transpose_backward": [transpose.index(axis) for axis in range(3)],
        "label_manager": "LabelManager",
        "experiment_planner_used": "ExperimentPlanner",
        "foreground_intensity_properties_per_channel": {str(i): each for i, each in enumerate(properties)},
        "configurations": {
            "3d_fullres": {
                "data_identifier": "nnUNetPlans_3d_fullres",
                "preprocessor_name": "DefaultPreprocessor",
                "batch_size": 2,
                "patch_size": patch,
                "spacing": spacing,
                "normalization_schemes": schemes,
                "use_mask_for_norm": masks,
                "batch_dice": False,
                **resampling,
                "architecture": {
                    "network_class_name": f"dynamic_network_architectures.architectures.unet.{network}",
                    "arch_kwargs": {
                        "n_stages": levels,
                        "features_per_stage": features,
                        "conv_op": "torch.nn.modules.conv.Conv3d",
                        "kernel_sizes": kernels,
                        "strides": strides,
                        **counts,
                        "conv_bias": True,
                        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
                        "norm_op_kwargs": {"eps": 1e-05, "affine": True},
                        "dropout_op": None,
                        "dropout_op_kwargs": None,
                        "nonlin": "torch.nn.LeakyReLU",
                        "nonlin_kwargs": {"inplace": True},
                    },
                    "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
                },
            }
        },
    }


CUBE = [3, 3, 3]
CASES = [
    {
        "name": "an isotropic image in several windows",
        "images": [HIPPOCAMPUS],
        "mirror": [0, 1, 2],
        "dataset": {
            "channel_names": {"0": "MRI"},
            "labels": {"background": 0, "Anterior": 1, "Posterior": 2},
            "file_ending": ".nii.gz",
        },
        "plans": plans_of(
            spacing=[1.0, 1.0, 1.0],
            transpose=[0, 1, 2],
            patch=[24, 32, 24],
            schemes=["ZScoreNormalization"],
            masks=[False],
            features=[4, 8, 16],
            strides=[[1, 1, 1], [2, 2, 2], [2, 2, 2]],
            kernels=[CUBE, CUBE, CUBE],
            properties=[intensities(30000.5, 70000.25, 5.0, 400000.0)],
        ),
    },
    {
        "name": "an anisotropic CT, resampled in plane and along its coarse axis apart, axes turned",
        "images": [{"shape": [44, 13, 40], "box": [[3, 0, 2], [41, 12, 39]], "spacing": [0.8, 5.0, 0.9], "spread": 900}],
        "mirror": [],
        "dataset": {
            "channel_names": {"0": "CT"},
            "labels": {"background": 0, "a": 1, "b": 2, "c": 3},
            "file_ending": ".nii.gz",
        },
        "plans": plans_of(
            spacing=[4.0, 1.1, 1.0],
            transpose=[1, 0, 2],
            patch=[8, 16, 24],
            schemes=["CTNormalization"],
            masks=[False],
            features=[4, 8, 16],
            strides=[[1, 1, 1], [1, 2, 2], [2, 2, 2]],
            kernels=[[1, 3, 3], CUBE, CUBE],
            properties=[intensities(412.75, 260.5, 12.0, 880.0)],
        ),
    },
    {
        "name": "two channels within a mask, regions",
        "images": [
            {"shape": [16, 26, 22], "box": [[2, 3, 0], [15, 26, 20]], "spacing": [1.6, 1.1, 1.25], "spread": 500},
            {"shape": [16, 26, 22], "box": [[3, 3, 1], [16, 24, 20]], "spacing": [1.6, 1.1, 1.25], "spread": 90},
        ],
        "mirror": [0, 1],
        "dataset": {
            "channel_names": {"0": "T1", "1": "T2"},
            "labels": {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "active": 3},
            "regions_class_order": [1, 2, 3],
            "file_ending": ".nii.gz",
        },
        "plans": plans_of(
            spacing=[1.3, 1.2, 1.1],
            transpose=[0, 1, 2],
            patch=[16, 16, 16],
            schemes=["ZScoreNormalization", "ZScoreNormalization"],
            masks=[True, True],
            features=[4, 8, 16],
            strides=[[1, 1, 1], [2, 2, 2], [2, 2, 2]],
            kernels=[CUBE, CUBE, CUBE],
            properties=[intensities(200.0, 80.0, 1.0, 500.0), intensities(40.0, 20.0, 1.0, 90.0)],
            residual=True,
        ),
    },
]


def voxels_of(image, channel):
    """int16 from 1 to `spread` in the box, 0 around it."""
    shape = image["shape"]
    values = 1 + np.floor((sequence(f"image{channel}", int(np.prod(shape))) + 0.5) * image["spread"])
    box = np.zeros(shape, bool)
    box[tuple(slice(*ends) for ends in zip(*image["box"]))] = True
    return np.where(box, values.reshape(shape), 0).astype(np.int16)


def write(folder, image, channel):
    if isinstance(image, str):
        return image
    written = sitk.GetImageFromArray(voxels_of(image, channel))
    written.SetSpacing(image["spacing"][::-1])
    path = str(folder / f"image_{channel:04d}.nii.gz")
    sitk.WriteImage(written, path)
    return path


class WithoutHalf:
    """torch as `predict_from_raw_data` sees it, with float32 for half."""

    half = torch.float32

    def __getattr__(self, name):
        return getattr(torch, name)


def predictor_of(case):
    plans = PlansManager(case["plans"])
    configuration = plans.get_configuration("3d_fullres")
    heads = plans.get_label_manager(case["dataset"]).num_segmentation_heads
    architecture = case["plans"]["configurations"]["3d_fullres"]["architecture"]
    network = get_network_from_plans(
        architecture["network_class_name"],
        architecture["arch_kwargs"],
        architecture["_kw_requires_import"],
        len(case["images"]),
        heads,
        deep_supervision=False,
    )
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(known(name, tuple(parameter.shape)).astype(np.float32)).reshape(parameter.shape))
    predictor = predict_from_raw_data.nnUNetPredictor(
        perform_everything_on_device=False, device=torch.device("cpu"), allow_tqdm=False
    )
    mirror = tuple(case["mirror"]) or None
    state = network.state_dict()
    predictor.manual_initialization(network, plans, configuration, [state], case["dataset"], "nnUNetTrainer", mirror)
    return predictor


def label_of(case, files):
    image, properties = SimpleITKIO().read_images(files)
    return predictor_of(case).predict_single_npy_array(image, properties, save_or_return_probabilities=True)


def run(case, folder):
    torch.set_num_threads(1)
    files = [write(folder, image, channel) for channel, image in enumerate(case["images"])]
    half, _ = label_of(case, files)
    own = predict_from_raw_data.torch, predict_from_raw_data.compute_gaussian
    predict_from_raw_data.torch = WithoutHalf()
    predict_from_raw_data.compute_gaussian = functools.partial(own[1], dtype=torch.float32)
    label, probabilities = label_of(case, files)
    predict_from_raw_data.torch, predict_from_raw_data.compute_gaussian = own
    differs = half != label
    assert differs.mean() < 0.01, differs.mean()
    assert len(np.unique(label)) > 2, np.unique(label, return_counts=True)
    packed = base64.b64encode(gzip.compress(label.astype(np.uint8).tobytes(), mtime=0)).decode()
    print(case["name"], label.shape, np.unique(label, return_counts=True), int(differs.sum()), len(packed), file=sys.stderr)
    return {
        **case,
        "shape": list(label.shape),
        "voxelsOtherwiseInFloat16": int(differs.sum()),
        "label": packed,
        "probabilities": [float(f"{value:.6g}") for value in probabilities.ravel()[::STRIDE]],
    }


def main():
    versions = {name: importlib.metadata.version(name) for name in ("torch", "nnunetv2", "SimpleITK")}
    with tempfile.TemporaryDirectory() as folder:
        cases = [run(case, Path(folder)) for case in CASES]
    path = Path(__file__).parent / "predict.json"
    path.write_text(json.dumps({"versions": versions, "cases": cases}))


main()
