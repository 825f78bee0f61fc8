import protobuf from "protobufjs/minimal.js";
import { PatchstreamError } from "../../../plan/errors.js";

/**
 * The messages of proto/keda/externalscaler.proto that a scaler reads and writes. By hand, since the types that are made from the .proto
 * files are those of our own package; a test holds them against protobufjs.
 */

const BYTES = 2;
const DOUBLE = 1;
const VARINT = 0;
const tag = (field: number, wire: number) => field * 8 + wire;

/** What KEDA asks about. */
export interface ScaledObject {
  readonly metadata: ReadonlyMap<string, string>;
}

/** Asks for a metric. */
export interface MetricRequest extends ScaledObject {
  readonly metricName: string;
}

/** Walks through the fields of a message; `read` reads those it knows, and says so. Throws REQUEST_INVALID for what is no message. */
function readFields(bytes: Uint8Array, name: string, read: (field: number, reader: protobuf.Reader) => boolean): void {
  try {
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) {
      const key = reader.uint32();
      const isRead = (key & 7) === BYTES && read(key >>> 3, reader);
      if (!isRead) reader.skipType(key & 7);
    }
  } catch (cause) {
    const got = `${bytes.length} bytes`;
    throw new PatchstreamError({ code: "REQUEST_INVALID", field: name, got, want: `a ${name} message` }, undefined, {
      cause,
    });
  }
}

/** ScaledObjectRef. Throws REQUEST_INVALID. */
export function readScaledObject(bytes: Uint8Array): ScaledObject {
  const metadata = new Map<string, string>();
  readFields(bytes, "ScaledObjectRef", (field, reader) => {
    if (field !== 3) return false;
    let [key, value] = ["", ""];
    readFields(reader.bytes(), "scalerMetadata", (part, entry) => {
      if (part === 1) key = entry.string();
      else if (part === 2) value = entry.string();
      else return false;
      return true;
    });
    metadata.set(key, value);
    return true;
  });
  return { metadata };
}

/** GetMetricsRequest. Throws REQUEST_INVALID. */
export function readMetricRequest(bytes: Uint8Array): MetricRequest {
  let [object, metricName]: [ScaledObject, string] = [{ metadata: new Map() }, ""];
  readFields(bytes, "GetMetricsRequest", (field, reader) => {
    if (field === 1) object = readScaledObject(reader.bytes());
    else if (field === 2) metricName = reader.string();
    else return false;
    return true;
  });
  return { ...object, metricName };
}

/** IsActiveResponse. */
export function activeAnswer(result: boolean): Buffer {
  return Buffer.from(protobuf.Writer.create().uint32(tag(1, VARINT)).bool(result).finish());
}

/** GetMetricSpecResponse and GetMetricsResponse of one metric: the same fields. `value` is a whole number. */
export function metricAnswer(metricName: string, value: number): Buffer {
  const writer = protobuf.Writer.create().uint32(tag(1, BYTES)).fork();
  writer.uint32(tag(1, BYTES)).string(metricName);
  writer.uint32(tag(2, VARINT)).int64(value);
  writer.uint32(tag(3, DOUBLE)).double(value);
  return Buffer.from(writer.ldelim().finish());
}
