import protobuf from "protobufjs/minimal.js";

/** Field numbers of onnx.proto: ModelProto.metadata_props, and key and value of its StringStringEntryProto. */
const METADATA_PROPS = 14;
const KEY = 1;
const VALUE = 2;

/** The free texts of an ONNX file by name: what `encodeModel` was given. Throws RangeError or Error for bytes that are no protobuf message. */
export function readOnnxTexts(model: Uint8Array): Map<string, string> {
  const reader = protobuf.Reader.create(model);
  const texts = new Map<string, string>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === METADATA_PROPS) texts.set(...readEntry(reader.bytes()));
    else reader.skipType(tag & 7);
  }
  return texts;
}

function readEntry(entry: Uint8Array): [key: string, value: string] {
  const reader = protobuf.Reader.create(entry);
  let [key, value] = ["", ""];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === KEY) key = reader.string();
    else if (tag >>> 3 === VALUE) value = reader.string();
    else reader.skipType(tag & 7);
  }
  return [key, value];
}
