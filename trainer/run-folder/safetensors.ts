import { createHash } from "node:crypto";
import { PatchstreamError } from "../../plan/errors.js";

/** Element types, largest element first: the order of the tensors in a file, so that each begins aligned. */
const TYPES = { F64: Float64Array, F32: Float32Array } as const;
type TypeName = keyof typeof TYPES;

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
}

export interface SafetensorsContent {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** Free text by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface HeaderEntry {
  dtype: string;
  shape: readonly number[];
  data_offsets: [begin: number, end: number];
}
type Header = { __metadata__: Record<string, string> } & { [name: string]: HeaderEntry };

const bytesOf = ({ values }: NamedTensor) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const typeOf = ({ values }: NamedTensor): TypeName => (values instanceof Float64Array ? "F64" : "F32");

/** SHA-256 (hex) over the header without its `sha256`, then all tensor bytes. */
function digest(header: object, data: Iterable<Uint8Array>): string {
  const hash = createHash("sha256").update(JSON.stringify(header));
  for (const bytes of data) hash.update(bytes);
  return hash.digest("hex");
}

/**
 * A safetensors file (https://github.com/huggingface/safetensors) as pieces to write one after the other: header length
 * (u64, little-endian), JSON header, tensors. The header's metadata gets a `sha256` over everything else in the file; other
 * readers ignore it. Tensor memory is not copied.
 */
export function encodeSafetensors({ tensors, metadata }: SafetensorsContent): Uint8Array[] {
  const types = Object.keys(TYPES);
  const ordered = [...tensors].sort(([, a], [, b]) => types.indexOf(typeOf(a)) - types.indexOf(typeOf(b)));
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, tensor] of ordered) {
    const end = offset + tensor.values.byteLength;
    header[name] = { dtype: typeOf(tensor), shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const data = ordered.map(([, tensor]) => bytesOf(tensor));
  const text = JSON.stringify({ ...header, __metadata__: { ...metadata, sha256: digest(header, data) } });
  const padded = Buffer.from(text + " ".repeat((8 - (Buffer.byteLength(text) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return [length, padded, ...data];
}

/** The header, its text without `sha256`, and where the data begins; undefined where there is no such header. */
function readHeader(bytes: Uint8Array) {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = 8 + Number(view.getBigUint64(0, true));
    if (end > bytes.byteLength) return undefined; // what is left of the header may parse: it ends in spaces
    const { __metadata__, ...entries } = JSON.parse(Buffer.from(bytes.subarray(8, end)).toString()) as Header;
    const { sha256, ...metadata } = __metadata__;
    return { entries, metadata, sha256, end };
  } catch {
    return undefined;
  }
}

/** Reads what `encodeSafetensors` wrote. Throws INPUT_DAMAGED naming `file` for anything else: one changed bit is enough. */
export function decodeSafetensors(bytes: Uint8Array, file: string): SafetensorsContent {
  const refuse = (reason: string) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: "a safetensors file that patchstream wrote" });
  const header = readHeader(bytes);
  if (!header) throw refuse("its header does not parse");
  const { entries, metadata, sha256, end } = header;
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + end, bytes.byteLength - end);
  if (digest({ __metadata__: metadata, ...entries }, [data]) !== sha256) throw refuse("its SHA-256 does not match");
  const tensors = Object.entries(entries).map(([name, { dtype, shape, data_offsets }]): [string, NamedTensor] => {
    const own = data.slice(...data_offsets);
    return [name, { shape, values: new TYPES[dtype as TypeName](own.buffer) }];
  });
  return { tensors: new Map(tensors), metadata };
}
