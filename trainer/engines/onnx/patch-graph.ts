import type { Zyx } from "../../../plan/zyx.js";
import type { NetworkDescription } from "../../networks/network.js";
import { runNetwork } from "../../networks/run.js";
import type { ModelState } from "../engine.js";
import { GraphBuilder, type Value } from "./graph.js";
import { graphLayers } from "./layers.js";
import type { Graph, Initializer, Node } from "./model-proto.js";
import { Tape } from "./tape.js";

/**
 * The forward pass of a network with its weights in it, for any number of images of `patchSize`. Input: `image` (B,C,Z,Y,X); output: `logits`
 * (B,K,Z,Y,X) of the finest head.
 */
export function patchGraph(network: NetworkDescription, weights: ModelState, patchSize: Zyx): Graph {
  return withOpenBatch(forward(network, weights, patchSize, 2), forward(network, weights, patchSize, 3));
}

function forward(network: NetworkDescription, weights: ModelState, patchSize: Zyx, batch: number): Graph {
  const graph = new GraphBuilder();
  const image = graph.input("image", [batch, network.inputChannels, ...patchSize]);
  const named = new Map([...weights].map(([name, { values, shape }]) => [name, graph.tensor(name, values, shape)]));
  const [logits] = runNetwork(network, graphLayers(new Tape(graph), named), image, patchSize);
  graph.output("logits", logits as Value);
  return graph.build();
}

/**
 * A graph whose batch is open, of two that are the same but for their batch. Shapes are all that can tell them apart: the extent of a
 * reshape in which they differ is left for the runtime to work out.
 */
function withOpenBatch(graph: Graph, other: Graph): Graph {
  const constants = new Map(graph.initializers.map((one) => [one.name, one]));
  const others = new Map(other.initializers.map((one) => [one.name, one]));
  const opened = new Map<string, Initializer>();
  const open = (name: string, { inputs, operator }: Node, at: number): string => {
    const [one, two] = [constants.get(name), others.get(inputs[at] as string)];
    if (one === undefined || two === undefined || Buffer.compare(one.bytes, two.bytes) === 0) return name;
    if (operator !== "Reshape") throw new RangeError(`${operator} depends on the batch`);
    const made = { ...one, name: `${name}_open`, bytes: shapeWithOneOpen(one, two) };
    opened.set(made.name, made);
    return made.name;
  };
  const nodes = graph.nodes.map((node, i) => {
    const twin = other.nodes[i] as Node;
    return { ...node, inputs: node.inputs.map((name, at) => open(name, twin, at)) };
  });
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const batch = ["batch", "", "", "", ""];
  return {
    nodes,
    initializers: [...graph.initializers, ...opened.values()].filter(({ name }) => used.has(name)),
    inputs: graph.inputs.map((one) => ({ ...one, open: batch })),
    outputs: graph.outputs.map((one) => ({ ...one, open: batch })),
  };
}

/** The target shape of a reshape with -1, "what is left", at the one place where two differ. */
function shapeWithOneOpen(one: Initializer, two: Initializer): Uint8Array {
  const [extents, others] = [one, two].map(({ bytes }) => [...new BigInt64Array(bytes.slice().buffer)]);
  const shape = extents?.map((extent, axis) => (extent === others?.[axis] ? extent : -1n)) ?? [];
  if (shape.filter((extent) => extent === -1n).length !== 1 || shape.length !== others?.length)
    throw new RangeError(`a shape is ${extents} for one batch and ${others} for another`);
  return new Uint8Array(BigInt64Array.from(shape).buffer);
}
