"""What a network is told to compute is what `patchstream model` says, for all four networks."""

import json
from pathlib import Path

import pytest

from patchstream.trainer.networks.cost import network_cost, step_flops
from tests.serving import patchstream

UNET = ["--patch-size", "48,64,80", "--pooling", "3,4,4"]
UNETR = ["--patch-size", "64,96,64", "--pooling", "0,0,0", "--minimum", "16,16,16", "--increment", "16,16,16"]
SWIN = ["--patch-size", "64,96,64", "--pooling", "0,0,0", "--minimum", "32,32,32", "--increment", "32,32,32"]


@pytest.mark.parametrize(
    ("network", "size"),
    [
        ("plain-unet", [*UNET, "--base-features", "8"]),
        ("residual-unet", [*UNET, "--base-features", "6"]),
        ("unetr", [*UNETR, "--base-features", "2"]),
        ("swin-unetr", [*SWIN, "--base-features", "12"]),
    ],
)
def test_flops_and_parameters_are_those_of_the_other_trainer(network: str, size: list[str]):
    shape = ["--batch-size", "2", "--channels", "2", "--classes", "3"]
    report = json.loads(patchstream("model", "--json", "--network", network, *size, *shape))
    assert len(report["stages"]) > 3
    for stage in report["stages"]:
        assert step_flops(report["network"], stage["patchSize"], stage["batchSize"]) == stage["flops"]
        assert network_cost(report["network"], stage["patchSize"]).parameters == report["parameters"]


def test_of_a_plan_with_kernels_and_blocks_of_its_own(tmp_path: Path):
    """An anisotropic plan: strides and kernels that differ by axis, blocks that differ by level."""
    name = "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet"
    arguments: dict[str, object] = {
        "n_stages": 4,
        "features_per_stage": [8, 16, 24, 32],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3]],
        "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2], [2, 2, 1]],
        "n_blocks_per_stage": [1, 3, 4, 2],
        "n_conv_per_stage_decoder": [1, 1, 1],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-05, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    }
    configuration: dict[str, object] = {
        "patch_size": [16, 32, 32],
        "batch_size": 2,
        "spacing": [3, 1, 1],
        "batch_dice": False,
        "normalization_schemes": ["ZScoreNormalization"],
        "architecture": {"network_class_name": name, "arch_kwargs": arguments, "_kw_requires_import": []},
    }
    plans = tmp_path / "plans.json"
    document: dict[str, object] = {
        "dataset_name": "Dataset001_A",
        "plans_name": "P",
        "configurations": {"3d_fullres": configuration},
    }
    plans.write_text(json.dumps({**document, "transpose_forward": [0, 1, 2], "transpose_backward": [0, 1, 2]}))
    report = json.loads(patchstream("model", "--json", "--plans", str(plans), "--classes", "2"))
    assert report["network"]["kind"] == "residual-unet"
    for stage in report["stages"]:
        assert step_flops(report["network"], stage["patchSize"], stage["batchSize"]) == stage["flops"]
        assert network_cost(report["network"], stage["patchSize"]).parameters == report["parameters"]
