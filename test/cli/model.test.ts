import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { patchstream, patchstreamHere } from "./command.js";

const hippocampus = ["--patch-size", "40,56,40", "--batch-size", "2", "--pooling", "3,3,3"];

const blocks = [1, 3, 4, 6, 6, 6];
const strides = [[1, 1, 1], ...Array.from({ length: 5 }, () => [2, 2, 2])];

/** The plans.json that nnU-Net's ResEncL planner would write for patches of 64x64x64. */
function residualPlans(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-model-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const architecture = {
    network_class_name: "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
    arch_kwargs: {
      strides,
      kernel_sizes: strides.map(() => [3, 3, 3]),
      features_per_stage: [32, 64, 128, 256, 320, 320],
      n_blocks_per_stage: blocks,
      n_conv_per_stage_decoder: [1, 1, 1, 1, 1],
    },
  };
  const file = join(folder, "plans.json");
  const configurations = { "3d_fullres": { patch_size: [64, 64, 64], batch_size: 2, architecture } };
  writeFileSync(file, JSON.stringify({ configurations }));
  return file;
}

test("model --json prints parameters, layers, and operations and memory of a step at each stage", async (t) => {
  const size = ["--classes", "3", "--base-features", "8", "--mode", "efficiency"];
  const { code, stdout, stderr } = await patchstreamHere("model", ...hippocampus, ...size, "--json");
  t.is(code, 0, stderr);
  const { network, parameters, layers, stages } = JSON.parse(stdout);
  t.like(network, { kind: "plain-unet", features: [8, 16, 32, 64] });
  t.is(parameters, 351_329);
  t.is(
    layers.reduce((sum: number, layer: { parameters: number }) => sum + layer.parameters, 0),
    parameters,
  );
  t.like(layers[0], { kind: "convolution", name: "encoder.stages.0.0.convs.0.conv", channels: 8, size: [40, 56, 40] });
  t.is(stages.length, 15);
  t.like(stages[14], { stage: 14, patchSize: [40, 56, 40], batchSize: 2 });
  t.is(stages[14].flops / stages[0].flops, (40 * 56 * 40) / 8 ** 3);
  t.true(stages[14].memoryBytes > stages[0].memoryBytes);
});

test("a plan of residual encoders is one of theirs unless another network is asked for", async (t) => {
  const plans = ["--plans", residualPlans(t), "--mode", "constant", "--json"];
  const { network, parameters } = JSON.parse((await patchstreamHere("model", ...plans)).stdout);
  t.like(network, { kind: "residual-unet", blocks });
  t.is(parameters, 102_349_770); // ResidualEncoderUNet of these arguments, one channel, two classes
  const plain = JSON.parse((await patchstreamHere("model", ...plans, "--network", "plain-unet")).stdout);
  t.like(plain, { network: { kind: "plain-unet" }, mode: "constant" });
});

test("transformers take patches of their tokens; others are refused with the nearest that fits", async (t) => {
  const sizes = ["--patch-size", "64,96,96", "--batch-size", "2", "--minimum", "32,32,32", "--increment", "32,32,32"];
  const unetr = JSON.parse((await patchstreamHere("model", ...sizes, "--network", "unetr", "--json")).stdout);
  t.like(unetr.network, { kind: "unetr", grid: [4, 6, 6], hiddenSize: 768 });
  t.is(unetr.parameters, 92_728_546); // MONAI 1.6.1's UNETR, one channel, two classes, without its unused norm_cross_attn
  const swin = JSON.parse((await patchstreamHere("model", ...sizes, "--network", "swin-unetr", "--json")).stdout);
  t.is(swin.parameters, 15_703_004); // MONAI 1.6.1's SwinUNETR
  t.deepEqual(swin.stages.at(-1).patchSize, [64, 96, 96]);
  const btcv = ["--patch-size", "48,192,192", "--batch-size", "2", "--minimum", "16,16,16", "--increment", "16,16,16"];
  const { code, stderr } = await patchstreamHere("model", ...btcv, "--network", "swin-unetr");
  t.is(code, 1);
  t.regex(
    stderr,
    /plan\.patchSize\[0\] is 48; it must be a multiple of 32 for the network swin-unetr\. Try 32 or 64\./,
  );
});

test("model prints a table; wrong use is exit 2, a network that does not fit exit 1", async (t) => {
  const { stdout } = await patchstream("model", ...hippocampus);
  t.regex(stdout, /^plain-unet: [\d,]+ parameters in \d+ layers \(channels 1, classes 2\), performance\n/);
  t.regex(stdout, /\n +14 {2}40x56x40 +2 +[\d.]+ +\d+\n$/);
  t.is((await patchstreamHere("model")).code, 2);
  t.is((await patchstreamHere("model", ...hippocampus, "--network", "mednext")).code, 2);
  t.is((await patchstreamHere("model", ...hippocampus, "--classes", "0")).code, 2);
  const flat = await patchstreamHere("model", "--patch-size", "8,8,8", "--batch-size", "2", "--pooling", "0,0,0");
  t.deepEqual(flat.code, 1);
  t.regex(flat.stderr, /^patchstream: plan\.pooling is \[0,0,0\]; it must be at least 1 on one axis[^\n]*\n$/);
});
