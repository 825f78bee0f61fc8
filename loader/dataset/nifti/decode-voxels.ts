import { contentBytes, HeaderRefused, type NiftiHeader, VOXEL_ARRAYS } from "./header.js";
import { swapBytes } from "./swap-bytes.js";

/** What becomes of voxels that are NaN or infinite in the file: read as 0, or the file is refused. */
export type Nonfinite = "zero" | "stop";

export interface DecodedVoxels {
  readonly voxels: Float32Array;
  /** Voxels that were read as 0 in place of NaN or infinity. */
  readonly zeroed: number;
  /** Bytes after the last voxel. */
  readonly bytesBehind: number;
}

/** Voxels converted at a time, through doubles. */
const BLOCK_VOXELS = 2 ** 16;

type StoredVoxels = InstanceType<(typeof VOXEL_ARRAYS)[NiftiHeader["datatype"]]>;

/**
 * The voxels of a file whose bytes come in pieces of any size. What follows the last one is passed over, as nibabel and
 * SimpleITK do. NaN and infinities become 0 before slope and intercept, as in SimpleITK (niftilib, nifti_read_buffer). Throws
 * HeaderRefused where bytes are missing, or a value is not finite as a float32.
 */
export async function decodeVoxels(
  content: AsyncIterable<Uint8Array>,
  header: NiftiHeader,
  nonfinite: Nonfinite,
): Promise<DecodedVoxels> {
  const { voxelOffset } = header;
  const end = contentBytes(header);
  const voxels = new Float32Array(header.shape.reduce((a, b) => a * b));
  const block = new Uint8Array(BLOCK_VOXELS * VOXEL_ARRAYS[header.datatype].BYTES_PER_ELEMENT);
  const converter = blockConverter(header, voxels);
  let at = 0;
  let filled = 0;
  for await (const piece of content) {
    const inside = (place: number) => Math.min(Math.max(place - at, 0), piece.length);
    let rest = piece.subarray(inside(voxelOffset), inside(end));
    at += piece.length;
    while (rest.length > 0) {
      const taken = rest.subarray(0, block.length - filled);
      block.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
      if (filled < block.length) continue;
      converter.convert(block);
      filled = 0;
    }
  }
  if (at < end)
    throw new HeaderRefused(`${end - at} bytes of voxels are missing`, `${end} bytes long, as its header says`);
  converter.convert(block.subarray(0, filled));
  const { count, first } = converter.nonfinite();
  if (count > 0 && nonfinite === "stop") {
    const reason = `it holds ${count} ${count === 1 ? "voxel" : "voxels"} of NaN or infinity, the first is voxel ${first}`;
    throw new HeaderRefused(reason, "finite everywhere, or read with --nonfinite zero, which makes them 0");
  }
  return { voxels, zeroed: count, bytesBehind: at - end };
}

/** Converts one block after the other, each of them in place, and counts what is not finite. */
function blockConverter({ datatype, littleEndian, slope, intercept }: NiftiHeader, voxels: Float32Array) {
  const TypedArray = VOXEL_ARRAYS[datatype];
  const numbers = new Float64Array(BLOCK_VOXELS);
  let done = 0;
  let count = 0;
  let first: number | undefined;
  return {
    convert(block: Uint8Array): void {
      if (!littleEndian) swapBytes(block, TypedArray.BYTES_PER_ELEMENT);
      const length = block.length / TypedArray.BYTES_PER_ELEMENT;
      toNumbers(new TypedArray(block.buffer as ArrayBuffer, block.byteOffset, length), numbers);
      for (let i = 0; i < length; i++) {
        let stored = numbers[i] as number;
        if (!Number.isFinite(stored)) {
          count++;
          first ??= done + i;
          stored = 0;
        }
        const value = stored * slope + intercept;
        voxels[done + i] = value;
        if (Number.isFinite(voxels[done + i])) continue;
        throw new HeaderRefused(`voxel ${done + i} is ${value}`, "within the range of a float32 everywhere");
      }
      done += length;
    },
    nonfinite: () => ({ count, first }),
  };
}

function toNumbers(stored: StoredVoxels, numbers: Float64Array): void {
  const wide = stored instanceof BigInt64Array || stored instanceof BigUint64Array;
  if (!wide) numbers.set(stored);
  else for (let i = 0; i < stored.length; i++) numbers[i] = Number(stored[i]);
}
