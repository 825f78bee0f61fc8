import type { Stage } from "../plan/curriculum/stage.js";
import type { Zyx } from "../plan/zyx.js";
import { parameterCount } from "./engines/model-state.js";
import { peakBytes } from "./engines/onnx/peak-memory.js";
import { stepGraph } from "./engines/onnx/step-graph.js";
import { usualOptimizer } from "./engines/optimizers.js";
import type { NetworkDescription } from "./networks/network.js";
import { listParameters } from "./networks/parameters.js";
import { traceNetwork } from "./networks/trace.js";

/** A forward pass, the gradients of what it multiplies, and the gradients of the weights. */
const PASSES_OF_A_STEP = 3;

/** A layer of a network at the last stage's patch. */
export interface ReportedLayer {
  readonly kind: string;
  /** Prefix of its parameters' names; absent where it has none. */
  readonly name?: string;
  readonly parameters: number;
  /** Of one sample's output: channels, and voxels (Z,Y,X). */
  readonly channels: number;
  readonly size: Zyx;
  /** Of one sample's forward pass. */
  readonly flops: number;
}

/** What a training step costs at one stage. */
export interface ReportedStage {
  readonly stage: number;
  readonly patchSize: Zyx;
  readonly batchSize: number;
  /**
   * Operations of one step on a batch: three times those of the forward pass' sums of products (convolutions, matrix products), a multiplication
   * and an addition counted as two.
   */
  readonly flops: number;
  /** Values of one step that live at the same time, at most: activations, gradients, weights and what the network's usual optimiser holds, as float32. An estimate. */
  readonly memoryBytes: number;
}

/** Size and cost of a network in a curriculum. */
export interface ModelReport {
  readonly network: NetworkDescription;
  readonly parameters: number;
  readonly layers: readonly ReportedLayer[];
  readonly stages: readonly ReportedStage[];
}

/** Operations of one training step of `network` on a batch of a stage; see `ReportedStage`. */
export function stepFlops(
  network: NetworkDescription,
  { patchSize, batchSize }: Pick<Stage, "patchSize" | "batchSize">,
): number {
  const forward = traceNetwork(network, patchSize).reduce((sum, { flops }) => sum + flops, 0);
  return PASSES_OF_A_STEP * batchSize * forward;
}

/** Size and cost of `network` in a curriculum, without running it. */
export function reportModel(
  network: NetworkDescription,
  stages: readonly Pick<Stage, "patchSize" | "batchSize">[],
): ModelReport {
  const last = stages.at(-1)?.patchSize;
  const layers = last === undefined ? [] : traceNetwork(network, last);
  return {
    network,
    parameters: parameterCount(listParameters(network)),
    layers: layers.map((layer) => ({ ...layer, parameters: parameterCount(layer.parameters) })),
    stages: stages.map(({ patchSize, batchSize }, stage) => {
      const optimizer = usualOptimizer(network.kind);
      const kind = { batchDice: false, deepSupervision: network.heads.length > 1, optimizer };
      const memoryBytes = peakBytes(stepGraph(network, { batchSize, patchSize }, kind));
      return { stage, patchSize, batchSize, flops: stepFlops(network, { patchSize, batchSize }), memoryBytes };
    }),
  };
}
