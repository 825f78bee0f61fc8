import type { GraphBuilder, Value } from "./graph.js";

/**
 * Reverse-mode differentiation of a graph while it is built. Each operator adds its forward nodes and records how a
 * gradient of its output becomes gradients of its inputs; once the outputs have their gradients, `differentiate` adds the
 * backward nodes.
 */
export class Tape {
  readonly graph: GraphBuilder;
  readonly #steps: { output: Value; pullBack: (gradient: Value) => void }[] = [];
  readonly #variable = new Set<string>();
  readonly #gradients = new Map<string, Value>();

  constructor(graph: GraphBuilder) {
    this.graph = graph;
  }

  /** Asks for the gradient of `value` and of all that is computed from it. */
  watch(value: Value): void {
    this.#variable.add(value.name);
  }

  /** Whether a gradient of `value` will be used. */
  watches(value: Value): boolean {
    return this.#variable.has(value.name);
  }

  /** `output` was computed from watched values; `pullBack` adds to their gradients, given the gradient of `output`. */
  record(output: Value, pullBack: (gradient: Value) => void): Value {
    this.watch(output);
    this.#steps.push({ output, pullBack });
    return output;
  }

  /** One more summand of the gradient of `value`. */
  addGradient(value: Value, gradient: Value): void {
    const known = this.#gradients.get(value.name);
    this.#gradients.set(value.name, known === undefined ? gradient : this.graph.add(known, gradient));
  }

  /** Adds the backward pass from all values that have a gradient by now. */
  differentiate(): void {
    for (const step of this.#steps.reverse()) {
      const arrived = this.#gradients.get(step.output.name);
      if (arrived !== undefined) step.pullBack(arrived);
    }
  }

  /** Gradient of a watched value that the differentiated output depends on. */
  gradient(value: Value): Value {
    const gradient = this.#gradients.get(value.name);
    if (gradient === undefined) throw new RangeError(`nothing depends on ${value.name}`);
    return gradient;
  }
}
