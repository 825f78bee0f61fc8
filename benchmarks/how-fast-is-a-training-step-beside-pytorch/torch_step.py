"""Takes training steps of nnU-Net's and MONAI's networks, one for each line on standard input; `run.ts` drives it.

torch==2.15.0 dynamic-network-architectures==0.4.4 monai==1.6.1 nnunetv2==2.8.1
"""

import json
import resource
import sys
import time

import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from monai.networks.nets import UNETR, SwinUNETR
from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from torch import nn

# SwinUNETR has a single voxel at its bottleneck at 32^3, which PyTorch's instance norm refuses; the paper switches the check off.
nn.functional._verify_spatial_size = lambda size: None


def unet(kind, case):
    blocks = {"n_conv_per_stage": 2} if kind is PlainConvUNet else {"n_blocks_per_stage": case["blocks"]}
    levels = len(case["features"])
    return kind(
        input_channels=1,
        n_stages=levels,
        features_per_stage=case["features"],
        conv_op=nn.Conv3d,
        kernel_sizes=3,
        strides=[1] + [2] * (levels - 1),
        num_classes=case["classes"],
        n_conv_per_stage_decoder=2 if kind is PlainConvUNet else 1,
        conv_bias=True,
        norm_op=nn.InstanceNorm3d,
        norm_op_kwargs={"eps": 1e-5, "affine": True},
        nonlin=nn.LeakyReLU,
        nonlin_kwargs={"inplace": True},
        deep_supervision=False,
        **blocks,
    )


def build(case):
    match case["network"]:
        case "plain-unet":
            return unet(PlainConvUNet, case)
        case "residual-unet":
            return unet(ResidualEncoderUNet, case)
        case "unetr":
            return UNETR(1, case["classes"], case["patchSize"])
        case "swin-unetr":
            return SwinUNETR(1, case["classes"])


class Training:
    def __init__(self, case):
        torch.manual_seed(1)
        self.network = build(case)
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=0.01, momentum=0.99, nesterov=True, weight_decay=3e-5
        )
        self.loss = DC_and_CE_loss(
            {"batch_dice": False, "smooth": 1e-5, "do_bg": False, "ddp": False},
            {},
            dice_class=MemoryEfficientSoftDiceLoss,
        )
        shape = (case["batchSize"], 1, *case["patchSize"])
        self.image = torch.rand(shape) - 0.5
        self.label = torch.randint(0, case["classes"], shape).float()

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.network(self.image), self.label)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 12)
        self.optimizer.step()
        return loss.item()


def processor_ms():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1000 * (used.ru_utime + used.ru_stime)


training = None
for line in sys.stdin:
    asked = json.loads(line)
    if "case" in asked:
        torch.set_num_threads(asked["threads"])
        training = Training(asked["case"])
        answer = {"parameters": sum(one.numel() for one in training.network.parameters()), "torch": torch.__version__}
    else:
        used, began = processor_ms(), time.perf_counter()
        training.step()
        answer = {"wallMs": 1000 * (time.perf_counter() - began), "processorMs": processor_ms() - used}
    print(json.dumps(answer), flush=True)
