import { createHash } from "node:crypto";
import { fstatSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { PatchstreamError } from "../../plan/errors.js";

const BLOCK_BYTES = 1 << 20;
/** Less than the 2 GiB that one read takes. */
const READ_BYTES = 1 << 30;

/** Element types, largest element first: the order of the tensors in a file, so that each begins aligned. */
const TYPES = { F64: Float64Array, I64: BigInt64Array, F32: Float32Array } as const;
type TypeName = keyof typeof TYPES;

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array | BigInt64Array;
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
const typeOf = ({ values }: NamedTensor): TypeName => {
  if (values instanceof BigInt64Array) return "I64";
  return values instanceof Float64Array ? "F64" : "F32";
};

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

/** What stands before the tensors. */
export interface SafetensorsHeader {
  readonly entries: Readonly<Record<string, HeaderEntry>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly sha256: string;
  /** Where the tensors begin, and where the file ends, in bytes. */
  readonly begin: number;
  readonly end: number;
}

const damaged = (file: string, reason: string) =>
  new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: "a safetensors file that patchstream wrote" });

/** Far more than the names of any network take. */
const LONGEST_HEADER_BYTES = 1 << 26;

function parseHeader(text: string, begin: number): SafetensorsHeader | undefined {
  try {
    const { __metadata__, ...entries } = JSON.parse(text) as Header;
    const { sha256, ...metadata } = __metadata__;
    if (sha256 === undefined) return undefined;
    const ends = Object.values(entries).map(({ data_offsets }) => data_offsets[1]);
    return { entries, metadata, sha256, begin, end: begin + Math.max(0, ...ends) };
  } catch {
    return undefined;
  }
}

/** The header of the safetensors file open as `descriptor`. Throws INPUT_DAMAGED naming `file`, also for one that is cut off. */
export function readSafetensorsHeader(descriptor: number, file: string): SafetensorsHeader {
  const { size } = fstatSync(descriptor);
  const length = Buffer.alloc(8);
  const lengthBytes = readSync(descriptor, length, 0, 8, 0);
  const begin = 8 + Number(length.readBigUInt64LE());
  // What is left of a header that was cut off may parse: it ends in spaces.
  if (lengthBytes < 8 || begin > Math.min(size, LONGEST_HEADER_BYTES)) throw damaged(file, "its header is not whole");
  const text = Buffer.alloc(begin - 8);
  readSync(descriptor, text, 0, text.length, 8);
  const header = parseHeader(text.toString(), begin);
  if (header === undefined) throw damaged(file, "its header does not parse");
  if (header.end !== size) throw damaged(file, `it has ${size} bytes where its header says ${header.end}`);
  return header;
}

/** Takes the data as it is read, then tells whether it is what the header was written for. */
function checksumOf({ metadata, entries }: SafetensorsHeader) {
  return createHash("sha256").update(JSON.stringify({ __metadata__: metadata, ...entries }));
}

const MISMATCH = "its SHA-256 does not match";

/** The header of a file that was read through and held against its SHA-256, without keeping it. Throws INPUT_DAMAGED naming it. */
export async function verifySafetensors(file: string): Promise<SafetensorsHeader> {
  await using opened = await open(file);
  const header = readSafetensorsHeader(opened.fd, file);
  const hash = checksumOf(header);
  const block = Buffer.alloc(BLOCK_BYTES);
  for (let at = header.begin; at < header.end; ) {
    const { bytesRead } = await opened.read(block, 0, BLOCK_BYTES, at);
    if (bytesRead === 0) throw damaged(file, "it ended while it was read");
    hash.update(block.subarray(0, bytesRead));
    at += bytesRead;
  }
  if (hash.digest("hex") !== header.sha256) throw damaged(file, MISMATCH);
  return header;
}

/** Reads what `encodeSafetensors` wrote. Throws INPUT_DAMAGED naming `file` for anything else: one changed bit is enough. */
export async function readSafetensors(file: string): Promise<SafetensorsContent> {
  await using opened = await open(file);
  const header = readSafetensorsHeader(opened.fd, file);
  const { entries, metadata, sha256, begin, end } = header;
  const data = new Uint8Array(end - begin);
  for (let at = 0; at < data.length; ) {
    const { bytesRead } = await opened.read(data, at, Math.min(data.length - at, READ_BYTES), begin + at);
    if (bytesRead === 0) throw damaged(file, "it ended while it was read");
    at += bytesRead;
  }
  if (checksumOf(header).update(data).digest("hex") !== sha256) throw damaged(file, MISMATCH);
  const tensors = Object.entries(entries).map(([name, { dtype, shape, data_offsets }]): [string, NamedTensor] => {
    const own = data.slice(...data_offsets);
    return [name, { shape, values: new TYPES[dtype as TypeName](own.buffer) }];
  });
  return { tensors: new Map(tensors), metadata };
}
