import type { InferenceSession, Tensor, TypedTensor } from "onnxruntime-node";
import type { Zyx } from "../../../plan/zyx.js";
import type { NetworkDescription } from "../../networks/network.js";
import { outputSizes } from "../../networks/outputs.js";
import type { Parameter } from "../../networks/parameter.js";
import { listParameters } from "../../networks/parameters.js";
import { checkBatch, checkImage } from "../check-batch.js";
import { countedLabels } from "../deep-supervision.js";
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
} from "../model-state.js";
import { type OptimizerName, updateScalars } from "../optimizers.js";
import { type TargetReading, targetReading } from "../target-reading.js";
import type { OnnxRuntime } from "./runtime.js";
import { defaultSessionBytes, SessionCache } from "./sessions.js";
import {
  type BatchShape,
  labelInput,
  predictionGraph,
  stateInput,
  stateOutput,
  stepGraph,
  validationGraph,
} from "./step-graph.js";

type FloatTensor = TypedTensor<"float32">;

/** What a session is for. */
type Task = "step" | "deep step" | "validate" | "deep validate" | "predict";

/** A network whose every training step is one run of an ONNX graph, made for the batch's size when it is first met. */
export class OnnxModel implements Model {
  readonly #ort: OnnxRuntime["ort"];
  readonly #network: NetworkDescription;
  readonly #batchDice: boolean;
  readonly #reading: TargetReading;
  readonly #parameters: readonly Parameter[];
  readonly #sessions: SessionCache;
  #weights: FloatTensor;
  #optimizer: OptimizerState<FloatTensor>;

  constructor(runtime: OnnxRuntime, network: NetworkDescription, options: ModelOptions) {
    const { seed, batchDice, threads, keptBytes = defaultSessionBytes() } = options;
    this.#ort = runtime.ort;
    this.#network = network;
    this.#batchDice = batchDice;
    this.#reading = targetReading(network, options);
    this.#parameters = listParameters(network);
    this.#sessions = new SessionCache(runtime, { threads, budgetBytes: keptBytes });
    const fresh = freshState(this.#parameters, seed);
    this.#weights = this.#vector(fresh.weights);
    this.#optimizer = this.#optimizerOf(fresh);
  }

  async step(batch: TrainingBatch, settings: StepSettings): Promise<StepResult> {
    const { optimizer = "sgd" } = settings;
    const held =
      this.#optimizer.optimizer === optimizer
        ? this.#optimizer
        : this.#optimizerOf(freshOptimizer(optimizer, this.#weights.data.length));
    const { deep, feeds } = this.#batchFeeds(batch);
    const session = await this.#session(deep ? "deep step" : "step", batch, optimizer);
    const steps = held.steps + 1;
    const scalars = Object.entries(updateScalars(optimizer, settings, steps));
    const { newWeights, ...results } = await session.run({
      ...feeds,
      ...Object.fromEntries(held.vectors.map((vector, index) => [stateInput(index), vector])),
      ...Object.fromEntries(scalars.map(([name, value]) => [name, this.#scalar(value)])),
    });
    this.#weights = newWeights as FloatTensor;
    const vectors = held.vectors.map((_, index) => results[stateOutput(index)] as FloatTensor);
    this.#optimizer = { optimizer, vectors, steps };
    const number = (name: keyof StepResult): number => (results[name] as FloatTensor).data[0] as number;
    return {
      loss: number("loss"),
      crossEntropy: number("crossEntropy"),
      dice: number("dice"),
      gradientNorm: number("gradientNorm"),
    };
  }

  async validate(batch: TrainingBatch): Promise<ValidationResult> {
    const { deep, feeds } = this.#batchFeeds(batch);
    const session = await this.#session(deep ? "deep validate" : "validate", batch);
    const { loss, predicted, wanted, both } = await session.run(feeds);
    const voxels = (value: Tensor | undefined): Float32Array => (value as FloatTensor).data;
    return {
      loss: (loss as FloatTensor).data[0] as number,
      counts: hardCountsOf(batch.batchSize, {
        predicted: voxels(predicted),
        wanted: voxels(wanted),
        both: voxels(both),
      }),
    };
  }

  async predict(image: Float32Array, batchSize: number, patchSize: Zyx): Promise<Float32Array> {
    checkImage(this.#network, image, batchSize, patchSize);
    const session = await this.#session("predict", { batchSize, patchSize });
    const feeds = { image: this.#image(image, batchSize, patchSize), weights: this.#weights };
    const { logits } = await session.run(feeds);
    return (logits as FloatTensor).data;
  }

  async save(): Promise<ModelState> {
    const { optimizer, steps, vectors } = this.#optimizer;
    const flat: FlatState = {
      weights: this.#weights.data,
      optimizer,
      vectors: vectors.map(({ data }) => data),
      steps,
    };
    return nameState(this.#parameters, flat);
  }

  async load(state: ModelState): Promise<void> {
    const flat = flattenState(this.#parameters, state);
    this.#weights = this.#vector(flat.weights);
    this.#optimizer = this.#optimizerOf(flat);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions[Symbol.asyncDispose]();
  }

  /** Image, labels that the loss counts and weights; `deep` where there are several labels. */
  #batchFeeds(batch: TrainingBatch): { deep: boolean; feeds: Record<string, Tensor> } {
    checkBatch(this.#network, this.#reading, batch);
    const { image, batchSize, patchSize } = batch;
    const labels = countedLabels(this.#network, batch);
    const sizes = outputSizes(this.#network, patchSize);
    const labelFeeds = labels.map((label, output) => {
      const shape = [batchSize, ...(sizes[output] as Zyx)];
      return [labelInput(output), new this.#ort.Tensor("uint8", label, shape)] as const;
    });
    const feeds = {
      image: this.#image(image, batchSize, patchSize),
      ...Object.fromEntries(labelFeeds),
      weights: this.#weights,
    };
    return { deep: labels.length > 1, feeds };
  }

  #session(
    task: Task,
    { batchSize, patchSize }: BatchShape,
    optimizer: OptimizerName = "sgd",
  ): Promise<InferenceSession> {
    const shape = { batchSize, patchSize };
    const [network, batchDice, reading] = [this.#network, this.#batchDice, this.#reading];
    const kind = { batchDice, deepSupervision: task.startsWith("deep"), reading, optimizer };
    return this.#sessions.get(`${task} ${optimizer} ${batchSize}x${patchSize.join("x")}`, () => {
      if (task === "predict") return predictionGraph(network, shape);
      return task.endsWith("validate") ? validationGraph(network, shape, kind) : stepGraph(network, shape, kind);
    });
  }

  #image(values: Float32Array, batchSize: number, patchSize: Zyx): Tensor {
    return new this.#ort.Tensor("float32", values, [batchSize, this.#network.inputChannels, ...patchSize]);
  }

  #optimizerOf({ optimizer, vectors, steps }: OptimizerState<Float32Array>): OptimizerState<FloatTensor> {
    return { optimizer, vectors: vectors.map((values) => this.#vector(values)), steps };
  }

  #vector(values: Float32Array): FloatTensor {
    return new this.#ort.Tensor("float32", values, [values.length]);
  }

  #scalar(value: number): FloatTensor {
    return new this.#ort.Tensor("float32", Float32Array.of(value), []);
  }
}
