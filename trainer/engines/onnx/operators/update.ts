import type { GraphBuilder, Value } from "../graph.js";

/** Weights and what the optimiser holds beside them, each (N). */
export interface Updated {
  readonly weights: Value;
  /** In the order of `STATE_KINDS`. */
  readonly vectors: readonly Value[];
}

/** Adds the nodes of one update by a `gradient` (N), and the inputs of its own scalars, each of shape (). */
export type Update = (graph: GraphBuilder, before: Updated, gradient: Value) => Updated;
