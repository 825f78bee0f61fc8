import test from "ava";
import type { NetworkPlan } from "../../../plan/curriculum/stage.js";
import { describeNetwork, type NetworkSize } from "../../../trainer/networks/describe.js";
import { drawParameter } from "../../../trainer/networks/initialise.js";
import { elementCount } from "../../../trainer/networks/parameter.js";
import { listParameters } from "../../../trainer/networks/parameters.js";
import type { PlainUnet } from "../../../trainer/networks/plain-unet/network.js";

const hippocampus = { patchSize: [40, 56, 40], batchSize: 9, pooling: [3, 3, 3] } as const;

function plainUnet(plan: NetworkPlan, size: NetworkSize): PlainUnet {
  const network = describeNetwork(plan, size);
  if (network.kind !== "plain-unet") throw new TypeError(`${network.kind} for a plan without residual blocks`);
  return network;
}

test("the Hippocampus plan with 8 features has four levels and nnU-Net's parameters", (t) => {
  const network = plainUnet(hippocampus, { channels: 1, classes: 3, baseFeatures: 8 });
  t.deepEqual(network.features, [8, 16, 32, 64]);
  t.deepEqual(network.strides, [
    [1, 1, 1],
    [2, 2, 2],
    [2, 2, 2],
    [2, 2, 2],
  ]);
  const count = listParameters(network).reduce((total, { shape }) => total + elementCount(shape), 0);
  t.is(count, 351_329);
});

test("an axis with fewer poolings is not strided in the deeper levels", (t) => {
  const plan = { patchSize: [20, 320, 256], batchSize: 2, pooling: [2, 6, 6] } as const;
  const network = plainUnet(plan, { channels: 2, classes: 3, baseFeatures: 32 });
  t.deepEqual(network.features, [32, 64, 128, 256, 320, 320, 320]);
  t.deepEqual(
    network.strides.map((stride) => stride[0]),
    [1, 2, 2, 1, 1, 1, 1],
  );
  t.deepEqual(
    network.strides.map((stride) => stride[2]),
    [1, 2, 2, 2, 2, 2, 2],
  );
});

test("strides, kernels and features of the plan are taken as they are, unless other features are asked for", (t) => {
  const strides = [
    [1, 1, 1],
    [1, 2, 2],
    [2, 2, 2],
  ] as const;
  const kernelSizes = [
    [1, 3, 3],
    [3, 3, 3],
    [3, 3, 3],
  ] as const;
  const plan = {
    patchSize: [8, 16, 16],
    batchSize: 2,
    pooling: [1, 2, 2],
    strides,
    kernelSizes,
    features: [6, 7, 9],
  } as const;
  const network = plainUnet(plan, { channels: 1, classes: 2 });
  t.deepEqual([network.strides, network.kernelSizes, network.features], [strides, kernelSizes, [6, 7, 9]]);
  t.deepEqual(plainUnet(plan, { channels: 1, classes: 2, baseFeatures: 4 }).features, [4, 8, 16]);
  t.deepEqual(plainUnet(hippocampus, { channels: 1, classes: 3 }).features, [32, 64, 128, 256]);
});

test("a plan without pooling and a kernel of even size are refused by name", (t) => {
  const size = { channels: 1, classes: 2 };
  t.throws(() => describeNetwork({ ...hippocampus, pooling: [0, 0, 0] }, size), {
    message: /plan\.pooling is \[0,0,0\]/,
  });
  const kernelSizes = [
    [3, 3, 3],
    [3, 2, 3],
    [3, 3, 3],
    [3, 3, 3],
  ] as const;
  t.throws(() => describeNetwork({ ...hippocampus, kernelSizes }, size), {
    message: "plan.kernelSizes[1][1] is 2; it must be odd",
  });
});

test("parameters carry nnU-Net's names", (t) => {
  const network = plainUnet(hippocampus, { channels: 1, classes: 3, baseFeatures: 8 });
  const shapes = new Map(listParameters(network).map(({ name, shape }) => [name, shape]));
  t.deepEqual(shapes.get("encoder.stages.0.0.convs.0.conv.weight"), [8, 1, 3, 3, 3]);
  t.deepEqual(shapes.get("encoder.stages.3.0.convs.1.norm.bias"), [64]);
  t.deepEqual(shapes.get("decoder.transpconvs.0.weight"), [64, 32, 2, 2, 2]);
  t.deepEqual(shapes.get("decoder.stages.2.convs.0.conv.weight"), [8, 16, 3, 3, 3]);
  t.deepEqual(shapes.get("decoder.seg_layers.2.weight"), [3, 8, 1, 1, 1]);
});

test("fresh weights are normal with He's variance, and differ by seed and by parameter", (t) => {
  const shape = [64, 64, 3, 3, 3];
  const draw = (index: number, seed: number): Float32Array =>
    drawParameter({ name: "w", shape, start: "he" }, index, seed);
  const values = draw(3, 1);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const expected = 2 / ((1 + 0.01 ** 2) * 64 * 27);
  // 110,592 draws: the standard error of the mean is 0.003 deviations, that of the variance 0.4 %; five of each allowed.
  t.true(Math.abs(mean) < 0.015 * Math.sqrt(expected));
  t.true(Math.abs(variance / expected - 1) < 0.022);
  t.deepEqual(draw(3, 1), values);
  t.notDeepEqual(draw(4, 1), values);
  t.notDeepEqual(draw(3, 2), values);
});
