import { refuse } from "../../plan/errors.js";
import { drawParameter } from "../networks/initialise.js";
import { elementCount, type Parameter } from "../networks/parameter.js";
import type { ModelState } from "./engine.js";
import { OPTIMIZERS, type OptimizerName, STATE_KINDS } from "./optimizers.js";

/** What an optimiser holds beside the weights, each in a network's order as one vector (N). */
export interface OptimizerState<Vector> {
  readonly optimizer: OptimizerName;
  /** In the order of `STATE_KINDS`. */
  readonly vectors: readonly Vector[];
  /** Steps that it has taken. */
  readonly steps: number;
}

/** Every parameter, and the optimiser's state. */
export interface FlatState extends OptimizerState<Float32Array> {
  readonly weights: Float32Array;
}

/** AdamW's count of steps in a saved state, a scalar; float32 holds it exactly up to 2^24. */
const STEPS = "adam-steps";

/** Numbers in all `parameters` together. */
export function parameterCount(parameters: readonly Parameter[]): number {
  return parameters.reduce((total, { shape }) => total + elementCount(shape), 0);
}

/** Weights drawn from `seed`, and no step taken yet. */
export function freshState(parameters: readonly Parameter[], seed: number): FlatState {
  const count = parameterCount(parameters);
  const weights = new Float32Array(count);
  let offset = 0;
  parameters.forEach((parameter, index) => {
    const values = drawParameter(parameter, index, seed);
    weights.set(values, offset);
    offset += values.length;
  });
  return { weights, ...freshOptimizer("sgd", count) };
}

/** The state of an optimiser that has taken no step: zeros beside `count` weights. */
export function freshOptimizer(optimizer: OptimizerName, count: number): OptimizerState<Float32Array> {
  return { optimizer, vectors: STATE_KINDS[optimizer].map(() => new Float32Array(count)), steps: 0 };
}

/** `flat` as named tensors, copied. */
export function nameState(parameters: readonly Parameter[], flat: FlatState): ModelState {
  const { optimizer, vectors, steps } = flat;
  const kinds = STATE_KINDS[optimizer].map((kind, index) => [kind, vectors[index] as Float32Array] as const);
  const state = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  let offset = 0;
  for (const { name, shape } of parameters) {
    const end = offset + elementCount(shape);
    for (const [kind, values] of [["weight", flat.weights] as const, ...kinds])
      state.set(`${kind}/${name}`, { shape, values: values.slice(offset, end) });
    offset = end;
  }
  if (optimizer === "adamw") state.set(STEPS, { shape: [], values: Float32Array.of(steps) });
  return state;
}

/** The inverse of `nameState`. Throws SPEC_INVALID naming a tensor that is missing or of another shape. */
export function flattenState(parameters: readonly Parameter[], state: ModelState): FlatState {
  const find = (field: string, shape: readonly number[]): Float32Array => {
    const saved = state.get(field);
    if (saved !== undefined && saved.shape.join() === shape.join()) return saved.values;
    const want = `of shape ${shape.join("x")}`;
    return refuse(field, saved?.shape ?? "missing", want, "The saved model belongs to another network.");
  };
  const flatten = (kind: string): Float32Array => {
    const flat = new Float32Array(parameterCount(parameters));
    let offset = 0;
    for (const { name, shape } of parameters) {
      const values = find(`${kind}/${name}`, shape);
      flat.set(values, offset);
      offset += values.length;
    }
    return flat;
  };
  const weights = flatten("weight");
  const optimizer = savedOptimizer(state.keys());
  const vectors = STATE_KINDS[optimizer].map(flatten);
  const steps = optimizer === "adamw" ? (find(STEPS, [])[0] as number) : 0;
  return { weights, optimizer, vectors, steps };
}

/** The optimiser whose state is saved under `names`. */
export function savedOptimizer(names: Iterable<string>): OptimizerName {
  const all = [...names];
  const has = (kind: string) => all.some((name) => name.startsWith(`${kind}/`));
  return OPTIMIZERS.find((optimizer) => STATE_KINDS[optimizer].some(has)) ?? "sgd";
}
