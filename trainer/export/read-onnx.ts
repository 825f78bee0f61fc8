import protobuf from "protobufjs/minimal.js";

/** What an ONNX file says beside its weights. */
export interface OnnxOutline {
  /** Its free texts by name: what `encodeModel` was given. */
  readonly texts: ReadonlyMap<string, string>;
  readonly nodes: readonly { readonly name: string; readonly operator: string }[];
}

/** Field numbers of onnx.proto. */
const MODEL = { graph: 7, metadataProps: 14 } as const;
const GRAPH = { node: 1 } as const;
const NODE = { name: 3, operator: 4 } as const;
const ENTRY = { key: 1, value: 2 } as const;

/** Reads an ONNX file without its weights. Throws RangeError or Error for bytes that are no protobuf message. */
export function readOnnx(bytes: Uint8Array): OnnxOutline {
  const model = parts(bytes, MODEL);
  return {
    texts: new Map(model.metadataProps.map((entry) => words(entry, ENTRY)).map(({ key, value }) => [key, value])),
    nodes: model.graph.flatMap((graph) => parts(graph, GRAPH).node).map((node) => words(node, NODE)),
  };
}

/** The bytes of a message's fields, each as often as it is there. */
function parts<Name extends string>(message: Uint8Array, fields: Readonly<Record<Name, number>>) {
  const names = Object.keys(fields) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Uint8Array[]>;
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const name = names.find((one) => fields[one] === tag >>> 3);
    if (name === undefined) reader.skipType(tag & 7);
    else found[name].push(reader.bytes());
  }
  return found;
}

/** Text fields of a message; "" where one is not there. */
function words<Name extends string>(message: Uint8Array, fields: Readonly<Record<Name, number>>): Record<Name, string> {
  const found = Object.entries<Uint8Array[]>(parts(message, fields));
  const text = found.map(([name, bytes]) => [name, new TextDecoder().decode(bytes[0])]);
  return Object.fromEntries(text) as Record<Name, string>;
}
