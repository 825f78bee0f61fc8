import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import test from "ava";
import { voxelCount } from "../../../plan/zyx.js";
import type { HardCounts } from "../../../trainer/engines/engine.js";
import { hardCountsOf } from "../../../trainer/engines/hard-counts.js";
import { GraphBuilder } from "../../../trainer/engines/onnx/graph.js";
import { encodeModel } from "../../../trainer/engines/onnx/model-proto.js";
import * as onnxCounts from "../../../trainer/engines/onnx/operators/hard-counts.js";
import * as onnxLoss from "../../../trainer/engines/onnx/operators/segmentation-loss.js";
import * as onnxTarget from "../../../trainer/engines/onnx/operators/target.js";
import { openRuntime } from "../../../trainer/engines/onnx/runtime.js";
import { backgroundOutputs, type TargetReading, targetReading } from "../../../trainer/engines/target-reading.js";
import * as tfjsCounts from "../../../trainer/engines/tfjs/hard-counts.js";
import * as tfjsLoss from "../../../trainer/engines/tfjs/segmentation-loss.js";
import * as tfjsTarget from "../../../trainer/engines/tfjs/target.js";
import type { Tfjs } from "../../../trainer/engines/tfjs/tfjs.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import { golden, labelsOf, logitsOf } from "../golden-losses.js";
import { tfjsBackends } from "./tfjs-backends.js";

/** A label (B,V) and logits (B,K,V). */
interface Given {
  readonly logits: Float32Array;
  readonly label: Uint8Array;
  readonly outputs: number;
  readonly batchDice: boolean;
  readonly reading: TargetReading;
}

interface Got {
  readonly loss: number;
  /** (B,K,V). */
  readonly gradient: Float32Array;
  readonly counts: readonly HardCounts[];
}

const { batchSize, size } = golden;
const VOXELS = voxelCount(size);

async function onOnnx({ logits, label, outputs, batchDice, reading }: Given): Promise<Got> {
  const graph = new GraphBuilder();
  const input = graph.input("logits", [batchSize, outputs, VOXELS]);
  const values = graph.cast(graph.input("label", [batchSize, 1, VOXELS], "uint8"));
  const target = onnxTarget.readTarget(graph, values, reading);
  const loss = onnxLoss.segmentationLoss(graph, input, target, { batchDice, reading });
  graph.output("loss", loss.loss);
  graph.output("gradient", loss.gradient());
  const voxels = onnxCounts.hardCounts(graph, input, target, reading);
  for (const name of ["predicted", "wanted", "both"] as const) graph.output(name, voxels[name]);
  const { ort } = await openRuntime("cpu");
  const session = await ort.InferenceSession.create(encodeModel(graph.build()));
  const got = await session.run({
    logits: new ort.Tensor("float32", logits, input.shape),
    label: new ort.Tensor("uint8", label, values.shape),
  });
  const floats = (name: string) => got[name]?.data as Float32Array;
  const ofOutputs = { predicted: floats("predicted"), wanted: floats("wanted"), both: floats("both") };
  const counts = hardCountsOf(batchSize, ofOutputs).slice(backgroundOutputs(reading));
  return { loss: floats("loss")[0] as number, gradient: floats("gradient"), counts };
}

async function onTfjs(tf: Tfjs, { logits, label, outputs, batchDice, reading }: Given): Promise<Got> {
  const input = tf.transpose(tf.tensor3d(logits, [batchSize, outputs, VOXELS]), [0, 2, 1]) as Tensor3D;
  const target = tfjsTarget.readTarget(tf, tf.tensor2d(label, [batchSize, VOXELS], "int32") as Tensor2D, reading);
  const { value, grad } = tf.valueAndGrad(
    (of) => tfjsLoss.segmentationLoss(tf, of as Tensor3D, target, { batchDice, reading }).loss,
  )(input);
  const { predicted, wanted, both } = tfjsCounts.hardCounts(tf, input, target, reading);
  const floats = (tensor: Tensor2D) => tensor.dataSync<"float32">();
  return {
    loss: value.dataSync<"float32">()[0] as number,
    gradient: tf.transpose(grad, [0, 2, 1]).dataSync<"float32">(),
    counts: hardCountsOf(batchSize, { predicted: floats(predicted), wanted: floats(wanted), both: floats(both) }),
  };
}

const engines = [
  ["onnx", onOnnx] as const,
  ...(await tfjsBackends()).map(({ name, tf }) => [name, (given: Given) => onTfjs(tf, given)] as const),
];
for (const [engine, on] of engines) {
  for (const one of golden.cases) {
    test.serial(`${engine}, ${one.name}: loss, gradient and pseudo Dice are nnU-Net's`, async (t) => {
      const plan = { patchSize: size, batchSize, pooling: [1, 1, 1] } as const;
      const network = describeNetwork(plan, { channels: 1, classes: one.outputs });
      const { outputs, batchDice } = one;
      const reading = targetReading(network, labelsOf(one));
      const label = Uint8Array.from(one.label);
      const { loss, gradient, counts } = await on({ logits: logitsOf(one), label, outputs, batchDice, reading });
      t.true(Math.abs(loss - one.loss) <= 1e-6 * Math.abs(one.loss), `${loss}, not ${one.loss}`);
      t.is(gradient.length, one.gradient.length);
      // A few roundings of float32 beside the largest that a voxel may have, 1 / voxels.
      for (const [at, wanted] of one.gradient.entries()) {
        const got = gradient[at] ?? Number.NaN;
        t.true(Math.abs(got - wanted) <= 1e-6 * Math.abs(wanted) + 1e-8, `[${at}]: ${got}, not ${wanted}`);
      }
      const { truePositive, falsePositive, falseNegative } = one;
      t.deepEqual(
        counts,
        truePositive.map((voxels, index) => ({
          truePositive: voxels,
          falsePositive: falsePositive[index] as number,
          falseNegative: falseNegative[index] as number,
        })),
      );
    });
  }
}
