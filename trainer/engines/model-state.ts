import { refuse } from "../../plan/errors.js";
import { drawParameter } from "../networks/initialise.js";
import { elementCount, type Parameter } from "../networks/parameters.js";
import type { ModelState } from "./engine.js";

/** What an optimiser holds: every parameter and its momentum, in a network's order, each as one vector (N). */
export interface FlatState {
  readonly weights: Float32Array;
  readonly momenta: Float32Array;
}

/** Numbers in all `parameters` together. */
export function parameterCount(parameters: readonly Parameter[]): number {
  return parameters.reduce((total, { shape }) => total + elementCount(shape), 0);
}

/** Weights drawn from `seed`, momenta 0. */
export function freshState(parameters: readonly Parameter[], seed: number): FlatState {
  const count = parameterCount(parameters);
  const weights = new Float32Array(count);
  let offset = 0;
  parameters.forEach((parameter, index) => {
    const values = drawParameter(parameter, index, seed);
    weights.set(values, offset);
    offset += values.length;
  });
  return { weights, momenta: new Float32Array(count) };
}

/** `flat` as named tensors, copied. */
export function nameState(parameters: readonly Parameter[], flat: FlatState): ModelState {
  const state = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  let offset = 0;
  for (const { name, shape } of parameters) {
    const end = offset + elementCount(shape);
    state.set(`weight/${name}`, { shape, values: flat.weights.slice(offset, end) });
    state.set(`momentum/${name}`, { shape, values: flat.momenta.slice(offset, end) });
    offset = end;
  }
  return state;
}

/** The inverse of `nameState`. Throws SPEC_INVALID naming a tensor that is missing or of another shape. */
export function flattenState(parameters: readonly Parameter[], state: ModelState): FlatState {
  const flatten = (kind: "weight" | "momentum"): Float32Array => {
    const flat = new Float32Array(parameterCount(parameters));
    let offset = 0;
    for (const { name, shape } of parameters) {
      const field = `${kind}/${name}`;
      const saved = state.get(field);
      if (saved === undefined || saved.shape.join() !== shape.join()) {
        const want = `of shape ${shape.join("x")}`;
        refuse(field, saved?.shape ?? "missing", want, "The saved model belongs to another network.");
      }
      flat.set(saved.values, offset);
      offset += saved.values.length;
    }
    return flat;
  };
  return { weights: flatten("weight"), momenta: flatten("momentum") };
}
