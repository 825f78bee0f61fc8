import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor5D } from "@tensorflow/tfjs-core";
import type { Zyx } from "../../../plan/zyx.js";
import type { NetworkDescription } from "../../networks/network.js";
import { reachedParameters } from "../../networks/outputs.js";
import { elementCount, type Parameter } from "../../networks/parameter.js";
import { listParameters } from "../../networks/parameters.js";
import { runNetwork } from "../../networks/run.js";
import { checkBatch, checkImage } from "../check-batch.js";
import { CLIP_EPSILON } from "../constants.js";
import { countedLabels, lossWeights } from "../deep-supervision.js";
import type {
  Model,
  ModelOptions,
  ModelState,
  StepResult,
  StepSettings,
  TrainingBatch,
  ValidationResult,
} from "../engine.js";
import { hardCountsOf } from "../hard-counts.js";
import {
  type FlatState,
  flattenState,
  freshOptimizer,
  freshState,
  nameState,
  type OptimizerState,
  parameterCount,
} from "../model-state.js";
import { updateScalars } from "../optimizers.js";
import { type TargetReading, targetReading } from "../target-reading.js";
import { hardCounts } from "./hard-counts.js";
import { tfjsLayers } from "./layers.js";
import { type Loss, segmentationLoss } from "./segmentation-loss.js";
import { readTarget, type Target } from "./target.js";
import type { Tfjs } from "./tfjs.js";
import { type Updated, updates } from "./update.js";

/** The loss of one output, weighted with `share` in the whole. */
interface OutputLoss {
  /** (B,V,K). */
  readonly logits: Tensor3D;
  readonly target: Target;
  readonly loss: Loss;
  readonly share: number;
}

/** A network trained by tfjs's own differentiation. Weights, and each of what the optimiser holds, are one vector (N) in tfjs's memory. */
export class TfjsModel implements Model {
  readonly #tf: Tfjs;
  readonly #network: NetworkDescription;
  readonly #batchDice: boolean;
  readonly #reading: TargetReading;
  readonly #parameters: readonly Parameter[];
  #weights: Tensor1D;
  #optimizer: OptimizerState<Tensor1D>;

  constructor(tf: Tfjs, network: NetworkDescription, options: ModelOptions) {
    const { seed, batchDice } = options;
    this.#tf = tf;
    this.#network = network;
    this.#batchDice = batchDice;
    this.#reading = targetReading(network, options);
    this.#parameters = listParameters(network);
    const fresh = freshState(this.#parameters, seed);
    this.#weights = tf.tensor1d(fresh.weights);
    this.#optimizer = this.#optimizerOf(fresh);
  }

  async step(batch: TrainingBatch, settings: StepSettings): Promise<StepResult> {
    checkBatch(this.#network, this.#reading, batch);
    const { optimizer = "sgd" } = settings;
    if (this.#optimizer.optimizer !== optimizer) {
      const fresh = this.#optimizerOf(freshOptimizer(optimizer, this.#weights.size));
      this.#replace(this.#weights, fresh);
    }
    const [scalars, weights, ...vectors] = this.#tf.tidy(() => {
      const { gradient, ...losses } = this.#differentiate(batch);
      const outputs = countedLabels(this.#network, batch).length;
      const { gradientNorm, updated } = this.#update(gradient, outputs, settings);
      const scalars = [losses.loss, losses.crossEntropy, losses.dice, gradientNorm];
      return [this.#tf.stack(scalars), updated.weights, ...updated.vectors];
    }) as [Tensor, Tensor1D, ...Tensor1D[]];
    this.#replace(weights, { optimizer, vectors, steps: this.#optimizer.steps + 1 });
    const [loss, crossEntropy, dice, gradientNorm] = await scalars.data<"float32">();
    scalars.dispose();
    return { loss, crossEntropy, dice, gradientNorm } as StepResult;
  }

  async validate(batch: TrainingBatch): Promise<ValidationResult> {
    checkBatch(this.#network, this.#reading, batch);
    const tensors = this.#tf.tidy(() => {
      const losses = this.#losses(this.#weights, batch);
      const [{ logits, target }] = losses as [OutputLoss];
      const { predicted, wanted, both } = hardCounts(this.#tf, logits, target, this.#reading);
      return [this.#mean(losses, "loss"), predicted, wanted, both];
    });
    const [loss, predicted, wanted, both] = (await Promise.all(tensors.map((tensor) => tensor.data<"float32">()))) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    this.#tf.dispose(tensors);
    return { loss: loss[0] as number, counts: hardCountsOf(batch.batchSize, { predicted, wanted, both }) };
  }

  async predict(image: Float32Array, batchSize: number, patchSize: Zyx): Promise<Float32Array> {
    checkImage(this.#network, image, batchSize, patchSize);
    const logits = this.#tf.tidy(() => {
      const [output] = this.#forward(this.#weights, image, batchSize, patchSize);
      return this.#tf.transpose(output as Tensor5D, [0, 4, 1, 2, 3]);
    });
    const values = await logits.data<"float32">();
    logits.dispose();
    return values;
  }

  async save(): Promise<ModelState> {
    const { optimizer, steps, vectors } = this.#optimizer;
    const flat: FlatState = {
      weights: await this.#weights.data<"float32">(),
      optimizer,
      vectors: await Promise.all(vectors.map((vector) => vector.data<"float32">())),
      steps,
    };
    return nameState(this.#parameters, flat);
  }

  async load(state: ModelState): Promise<void> {
    const flat = flattenState(this.#parameters, state);
    this.#replace(this.#tf.tensor1d(flat.weights), this.#optimizerOf(flat));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tf.dispose([this.#weights, ...this.#optimizer.vectors]);
  }

  #optimizerOf({ optimizer, vectors, steps }: OptimizerState<Float32Array>): OptimizerState<Tensor1D> {
    return { optimizer, vectors: vectors.map((values) => this.#tf.tensor1d(values)), steps };
  }

  #replace(weights: Tensor1D, optimizer: OptimizerState<Tensor1D>): void {
    this.#tf.dispose(this.#optimizer.vectors as Tensor1D[]);
    if (weights !== this.#weights) this.#weights.dispose();
    this.#weights = weights;
    this.#optimizer = optimizer;
  }

  /** Logits (B,Z,Y,X,K) of each head, finest first. */
  #forward(weights: Tensor1D, image: Float32Array, batchSize: number, patchSize: Zyx): Tensor5D[] {
    const tf = this.#tf;
    const parts = tf.split(
      weights,
      this.#parameters.map(({ shape }) => elementCount(shape)),
    );
    const named = new Map(
      this.#parameters.map(({ name, shape }, index) => [name, tf.reshape(parts[index] as Tensor, [...shape])]),
    );
    const channelsFirst = tf.tensor5d(image, [batchSize, this.#network.inputChannels, ...patchSize]);
    const input = tf.transpose(channelsFirst, [0, 2, 3, 4, 1]);
    return runNetwork(this.#network, tfjsLayers(tf, named), input, patchSize);
  }

  /** The losses of the outputs that count, finest first. */
  #losses(weights: Tensor1D, batch: TrainingBatch): OutputLoss[] {
    const tf = this.#tf;
    const { image, batchSize, patchSize } = batch;
    const options = { batchDice: this.#batchDice, reading: this.#reading };
    const shares = lossWeights((batch.deepLabels?.length ?? 0) + 1);
    const outputs = this.#forward(weights, image, batchSize, patchSize);
    return countedLabels(this.#network, batch).map((label, output) => {
      const shape: [number, number] = [batchSize, label.length / batchSize];
      const target = readTarget(tf, tf.tensor2d(label, shape, "int32") as Tensor2D, this.#reading);
      const logits: Tensor3D = tf.reshape(outputs[output] as Tensor5D, [...shape, this.#network.classes]);
      return { logits, target, loss: segmentationLoss(tf, logits, target, options), share: shares[output] as number };
    });
  }

  /** Mean of one value of the outputs' losses, with the weight of each. */
  #mean(losses: readonly OutputLoss[], name: keyof Loss): Scalar {
    return this.#tf.addN(losses.map(({ loss, share }) => this.#tf.mul<Scalar>(loss[name], share)));
  }

  #differentiate(batch: TrainingBatch): { loss: Scalar; crossEntropy: Scalar; dice: Scalar; gradient: Tensor1D } {
    const tf = this.#tf;
    let kept: { crossEntropy: Scalar; dice: Scalar } | undefined;
    const { value, grad } = tf.valueAndGrad((weights) => {
      const losses = this.#losses(weights as Tensor1D, batch);
      kept = {
        crossEntropy: tf.keep(this.#mean(losses, "crossEntropy")),
        dice: tf.keep(this.#mean(losses, "dice")),
      };
      return this.#mean(losses, "loss");
    })(this.#weights);
    if (kept === undefined) throw new Error("tfjs did not run the function it differentiates");
    const parts = { crossEntropy: tf.clone(kept.crossEntropy), dice: tf.clone(kept.dice) };
    tf.dispose([kept.crossEntropy, kept.dice]);
    return { loss: value as Scalar, ...parts, gradient: grad as Tensor1D };
  }

  /** PyTorch's clip_grad_norm_, and the update of the parameters that a loss of the first `outputs` outputs reaches. */
  #update(
    gradient: Tensor1D,
    outputs: number,
    settings: StepSettings,
  ): { readonly updated: Updated; readonly gradientNorm: Scalar } {
    const tf = this.#tf;
    const { gradientClip, optimizer = "sgd" } = settings;
    const gradientNorm = tf.sqrt(tf.sum<Scalar>(tf.square(gradient)));
    const scale = Number.isFinite(gradientClip)
      ? tf.minimum(tf.div(gradientClip, tf.add(gradientNorm, CLIP_EPSILON)), 1)
      : 1;
    const count = parameterCount(
      this.#parameters.slice(0, reachedParameters(this.#network, this.#parameters, outputs)),
    );
    const others = gradient.size - count;
    const parts = (vector: Tensor1D) => tf.split(vector, [count, others]) as [Tensor1D, Tensor1D];
    const [weights, otherWeights] = parts(this.#weights);
    const state = this.#optimizer.vectors.map(parts);
    const scalars = updateScalars(optimizer, settings, this.#optimizer.steps + 1);
    const after = updates[optimizer](
      tf,
      { weights, vectors: state.map(([vector]) => vector) },
      tf.mul(tf.slice(gradient, 0, count), scale),
      (name) => scalars[name] as number,
    );
    const vectors = after.vectors.map((vector, index) =>
      tf.concat([vector, (state[index] as [Tensor1D, Tensor1D])[1]]),
    );
    return { updated: { weights: tf.concat([after.weights, otherWeights]), vectors }, gradientNorm };
  }
}
