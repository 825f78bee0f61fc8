import type { Zyx } from "../../../plan/zyx.js";
import { elementCount } from "../../networks/parameter.js";
import {
  type Attribute,
  ElementType,
  type Graph,
  type Initializer,
  type Node,
  type TypedShape,
} from "./model-proto.js";

/** A tensor in a graph under construction. Shapes are always known. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Shape of an elementwise operation on two shapes, by ONNX's (numpy's) broadcasting. */
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const fromA = a[axis - rank + a.length] ?? 1;
    const fromB = b[axis - rank + b.length] ?? 1;
    if (fromA !== fromB && fromA !== 1 && fromB !== 1) throw new RangeError(`shapes ${a} and ${b} do not broadcast`);
    return Math.max(fromA, fromB);
  });
}

const dropAxes = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));

/** Collects the nodes of an ONNX graph of fixed shapes, each method one operator. Sums keep their axes with extent 1. */
export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #inputs: TypedShape[] = [];
  readonly #outputs: TypedShape[] = [];
  readonly #constants = new Map<string, Initializer>();

  input(name: string, shape: readonly number[], type: ElementType = "float32"): Value {
    this.#inputs.push({ name, shape, type });
    return { name, shape };
  }

  output(name: string, value: Value): void {
    this.#nodes.push({
      operator: "Identity",
      inputs: [value.name],
      outputs: [name],
      shapes: [value.shape],
      attributes: {},
    });
    this.#outputs.push({ name, shape: value.shape, type: "float32" });
  }

  /** The finished graph. */
  build(): Graph {
    const initializers = [...this.#constants.values()];
    return { nodes: this.#nodes, initializers, inputs: this.#inputs, outputs: this.#outputs };
  }

  /** One node with one output of `shape`. */
  apply(
    operator: string,
    inputs: readonly Value[],
    shape: readonly number[],
    attributes: Record<string, Attribute> = {},
  ): Value {
    const [output] = this.#applyMany(operator, inputs, [shape], attributes);
    return output as Value;
  }

  /** One node with an output for each of `shapes`. */
  #applyMany(
    operator: string,
    inputs: readonly Value[],
    shapes: readonly (readonly number[])[],
    attributes: Record<string, Attribute> = {},
  ): Value[] {
    const outputs = shapes.map((shape, index) => ({ name: `n${this.#nodes.length}_${index}`, shape }));
    const names = { inputs: inputs.map(({ name }) => name), outputs: outputs.map(({ name }) => name) };
    this.#nodes.push({ operator, ...names, shapes, attributes });
    return outputs;
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant("float32", new Uint8Array(Float32Array.from(values).buffer), shape);
  }

  /** A tensor that is part of the graph under its own name. */
  tensor(name: string, values: Float32Array, shape: readonly number[]): Value {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#constants.set(name, { name, type: "float32", shape, bytes });
    return { name, shape };
  }

  scalar(value: number): Value {
    return this.floats([value], []);
  }

  integers(values: readonly number[]): Value {
    return this.#constant("int64", new Uint8Array(BigInt64Array.from(values, BigInt).buffer), [values.length]);
  }

  #constant(type: ElementType, bytes: Uint8Array, shape: readonly number[]): Value {
    const key = `${type} ${shape} ${Buffer.from(bytes).toString("latin1")}`;
    const known = this.#constants.get(key) ?? { name: `c${this.#constants.size}`, type, shape, bytes };
    this.#constants.set(key, known);
    return known;
  }

  add(a: Value, b: Value): Value {
    return this.apply("Add", [a, b], broadcast(a.shape, b.shape));
  }

  subtract(a: Value, b: Value): Value {
    return this.apply("Sub", [a, b], broadcast(a.shape, b.shape));
  }

  multiply(a: Value, b: Value): Value {
    return this.apply("Mul", [a, b], broadcast(a.shape, b.shape));
  }

  divide(a: Value, b: Value): Value {
    return this.apply("Div", [a, b], broadcast(a.shape, b.shape));
  }

  sum(value: Value, axes: readonly number[]): Value {
    return this.apply("ReduceSum", [value, this.integers(axes)], dropAxes(value.shape, axes), { keepdims: 1 });
  }

  mean(value: Value, axes: readonly number[]): Value {
    return this.apply("ReduceMean", [value, this.integers(axes)], dropAxes(value.shape, axes), { keepdims: 1 });
  }

  max(value: Value, axes: readonly number[]): Value {
    return this.apply("ReduceMax", [value, this.integers(axes)], dropAxes(value.shape, axes), { keepdims: 1 });
  }

  reshape(value: Value, shape: readonly number[]): Value {
    if (elementCount(shape) !== elementCount(value.shape)) throw new RangeError(`${value.shape} does not fit ${shape}`);
    return this.apply("Reshape", [value, this.integers(shape)], shape);
  }

  /** Repeated along the axes of extent 1 that have another in `shape`. */
  expand(value: Value, shape: readonly number[]): Value {
    return this.apply("Expand", [value, this.integers(shape)], shape);
  }

  /** Axis i of the result is axis `order[i]` of `value`. */
  transpose(value: Value, order: readonly number[]): Value {
    const shape = order.map((axis) => value.shape[axis] as number);
    return this.apply("Transpose", [value], shape, { perm: order });
  }

  /** (..., M, K) times (..., K, N). */
  matmul(a: Value, b: Value): Value {
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return this.apply("MatMul", [a, b], [...batch, a.shape.at(-2) as number, b.shape.at(-1) as number]);
  }

  concatenate(values: readonly Value[], axis: number): Value {
    const [first] = values;
    if (first === undefined) throw new RangeError("nothing to concatenate");
    const extent = values.reduce((total, { shape }) => total + (shape[axis] as number), 0);
    return this.apply("Concat", values, first.shape.with(axis, extent), { axis });
  }

  split(value: Value, axis: number, extents: readonly number[]): Value[] {
    const shapes = extents.map((extent) => value.shape.with(axis, extent));
    return this.#applyMany("Split", [value, this.integers(extents)], shapes, { axis });
  }

  /** The elements at `indices` along `axis`. */
  gather(value: Value, axis: number, indices: readonly number[]): Value {
    return this.apply("Gather", [value, this.integers(indices)], value.shape.with(axis, indices.length), { axis });
  }

  /** From `start`, `size` voxels (Z,Y,X) at distances of `stride`, of all samples and channels. */
  window(value: Value, start: Zyx, size: Zyx, stride: Zyx): Value {
    const end = start.map((first, axis) => first + ((size[axis] as number) - 1) * (stride[axis] as number) + 1);
    const bounds = [start, end, [2, 3, 4], stride].map((numbers) => this.integers(numbers));
    return this.apply("Slice", [value, ...bounds], [...value.shape.slice(0, 2), ...size]);
  }

  /** Zeros added before and after each axis. */
  pad(value: Value, before: readonly number[], after: readonly number[]): Value {
    if ([...before, ...after].every((count) => count === 0)) return value;
    const shape = value.shape.map((extent, axis) => extent + (before[axis] as number) + (after[axis] as number));
    return this.apply("Pad", [value, this.integers([...before, ...after])], shape);
  }

  /** Any type to float32. */
  cast(value: Value): Value {
    return this.apply("Cast", [value], value.shape, { to: ElementType.float32 });
  }
}
