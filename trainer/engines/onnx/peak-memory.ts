import type { ElementType, Graph, TypedShape } from "./model-proto.js";

const ELEMENT_BYTES = { float32: 4, uint8: 1, int64: 8 } as const satisfies Record<ElementType, number>;

const bytesOf = ({ type, shape }: Omit<TypedShape, "name">): number =>
  shape.reduce((product, extent) => product * extent, ELEMENT_BYTES[type]);

/** Operators whose output lies where their input lay. */
const VIEWS = new Set(["Reshape", "Identity"]);

/**
 * Bytes of the values that live at the same time, at most, while the nodes of `graph` run in their order: what the arena of a session
 * comes to. A runtime that runs them in another order, or over each other, needs somewhat more or less.
 */
export function peakBytes(graph: Graph): number {
  const owner = new Map<string, string>();
  const ownerOf = (name: string): string => owner.get(name) ?? name;
  const lastUse = new Map<string, number>();
  for (const [index, { operator, inputs, outputs }] of graph.nodes.entries()) {
    const [input] = inputs;
    if (VIEWS.has(operator) && input !== undefined) for (const output of outputs) owner.set(output, ownerOf(input));
    for (const name of inputs) lastUse.set(ownerOf(name), index);
  }
  for (const { name } of graph.outputs) lastUse.set(ownerOf(name), graph.nodes.length);

  const freed = new Map<number, string[]>();
  for (const [name, index] of lastUse) freed.set(index, [...(freed.get(index) ?? []), name]);
  const sizes = new Map<string, number>();
  const given = [...graph.inputs, ...graph.initializers];
  let live = given.reduce((sum, value) => sum + bytesOf(value), 0);
  let peak = live;
  for (const [index, { outputs, shapes }] of graph.nodes.entries()) {
    for (const [at, name] of outputs.entries()) {
      if (owner.has(name)) continue;
      const bytes = bytesOf({ type: "float32", shape: shapes[at] ?? [] });
      sizes.set(name, bytes);
      live += bytes;
    }
    peak = Math.max(peak, live);
    for (const name of freed.get(index) ?? []) live -= sizes.get(name) ?? 0;
  }
  return peak;
}
