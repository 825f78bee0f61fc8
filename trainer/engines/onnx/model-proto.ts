import protobuf from "protobufjs";

/**
 * The messages of the ONNX format that a training graph needs, with the field numbers of onnx/onnx.proto (proto2 there; the
 * bytes are the same). `Dimension` is nested in TensorShapeProto and `Tensor` in TypeProto there.
 */
const PROTO = `
syntax = "proto3";
package onnx;
message ModelProto {
  int64 ir_version = 1;
  string producer_name = 2;
  GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
  repeated StringStringEntryProto metadata_props = 14;
}
message StringStringEntryProto { string key = 1; string value = 2; }
message OperatorSetIdProto { string domain = 1; int64 version = 2; }
message GraphProto {
  repeated NodeProto node = 1;
  string name = 2;
  repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
}
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  string name = 3;
  string op_type = 4;
  repeated AttributeProto attribute = 5;
}
message AttributeProto {
  string name = 1;
  optional float f = 2;
  optional int64 i = 3;
  optional bytes s = 4;
  repeated int64 ints = 8;
  int32 type = 20;
}
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
message ValueInfoProto { string name = 1; TypeProto type = 2; }
message TypeProto { Tensor tensor_type = 1; }
message Tensor { int32 elem_type = 1; TensorShapeProto shape = 2; }
message TensorShapeProto { repeated Dimension dim = 1; }
message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
`;

/** Element types by ONNX's numbers (TensorProto.DataType). */
export const ElementType = { float32: 1, uint8: 2, int64: 7 } as const;
export type ElementType = keyof typeof ElementType;

/** Kinds of attribute by ONNX's numbers (AttributeProto.AttributeType). */
const AttributeKind = { float: 1, int: 2, text: 3, ints: 7 } as const;

/** An attribute of a node: an integer, a list of integers, or a float or text where it says so. */
export type Attribute = number | readonly number[] | { readonly float: number } | { readonly text: string };

export interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of each output. */
  readonly shapes: readonly (readonly number[])[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface TypedShape {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Names of the axes whose extents are left open, "" where `shape` holds. Absent: `shape` holds on all. */
  readonly open?: readonly string[];
}

export interface Initializer extends TypedShape {
  /** Elements in C order, little-endian. */
  readonly bytes: Uint8Array;
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly TypedShape[];
  readonly outputs: readonly TypedShape[];
}

function attributeProto(name: string, value: Attribute): object {
  if (typeof value === "number") return { name, i: value, type: AttributeKind.int };
  if ("text" in value) return { name, s: Buffer.from(value.text), type: AttributeKind.text };
  if ("float" in value) return { name, f: value.float, type: AttributeKind.float };
  return { name, ints: value, type: AttributeKind.ints };
}

function valueProto({ name, type, shape, open }: TypedShape): object {
  const dim = shape.map((extent, axis) => (open?.[axis] ? { dimParam: open[axis] } : { dimValue: extent }));
  return { name, type: { tensorType: { elemType: ElementType[type], shape: { dim } } } };
}

/** `graph` as the bytes of an ONNX model (IR version 9, operator set 18), with free texts by name. */
export function encodeModel(graph: Graph, texts: Readonly<Record<string, string>> = {}): Uint8Array {
  const model = protobuf.parse(PROTO).root.lookupType("onnx.ModelProto");
  const node = graph.nodes.map(({ operator, inputs, outputs, attributes }, index) => ({
    input: inputs,
    output: outputs,
    name: `${operator}_${index}`,
    opType: operator,
    attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
  }));
  const initializer = graph.initializers.map(({ name, type, shape, bytes }) => ({
    name,
    dims: shape,
    dataType: ElementType[type],
    rawData: bytes,
  }));
  return model
    .encode({
      irVersion: 9,
      producerName: "patchstream",
      opsetImport: [{ domain: "", version: 18 }],
      metadataProps: Object.entries(texts).map(([key, value]) => ({ key, value })),
      graph: {
        name: "patchstream",
        node,
        initializer,
        input: graph.inputs.map(valueProto),
        output: graph.outputs.map(valueProto),
      },
    })
    .finish();
}
