import { PatchstreamError } from "../../../plan/errors.js";
import { checkSize } from "./check-size.js";
import { type DecodedVoxels, decodeVoxels, type Nonfinite } from "./decode-voxels.js";
import { HEADER_BYTES, HeaderRefused, type NiftiHeader, parseHeader } from "./header.js";

/** A NIfTI file that was read where there is no file system. */
export interface NiftiBlob extends DecodedVoxels {
  readonly header: NiftiHeader;
  /** What `parseHeader` took. */
  readonly headerBytes: Uint8Array;
}

/**
 * Reads a .nii or .nii.gz file that a browser has opened by the rules of `readNifti`, with the browser's own inflate. Throws INPUT_DAMAGED
 * calling the file `name`.
 */
export async function readNiftiBlob(name: string, file: Blob, nonfinite: Nonfinite): Promise<NiftiBlob> {
  try {
    const compressed = await isGzip(file);
    const headerBytes = await startOf(contentOf(file, compressed));
    const header = parseHeader(headerBytes);
    checkSize(header, file.size, compressed);
    const decoded = await decodeVoxels(contentOf(file, compressed), header, nonfinite);
    return { header, headerBytes, ...decoded };
  } catch (error) {
    const { reason, want } = refusal(error);
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file: name, reason, want }, undefined, { cause: error });
  }
}

/** Throws what says nothing of the file. */
function refusal(error: unknown): Pick<HeaderRefused, "reason" | "want"> {
  if (error instanceof HeaderRefused) return error;
  if (error instanceof RangeError)
    return { reason: `its voxels do not fit in memory (${error.message})`, want: "smaller" };
  throw error;
}

async function isGzip(file: Blob): Promise<boolean> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0x1f && second === 0x8b;
}

/** The bytes of the image, inflated. A reader instead of `for await`, which not every browser has for streams. */
async function* contentOf(file: Blob, compressed: boolean): AsyncGenerator<Uint8Array> {
  const stored = file.stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
  const reader = (compressed ? stored.pipeThrough(new DecompressionStream("gzip")) : stored).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (compressed) throw new HeaderRefused(`its compressed stream is damaged (${reason})`, "whole");
    throw new HeaderRefused(`it cannot be read (${reason})`, "readable");
  } finally {
    reader.cancel().catch(() => undefined); // of a stream that has failed: told above
  }
}

/** The bytes that `parseHeader` takes, or fewer where the content ends. */
async function startOf(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const start = new Uint8Array(HEADER_BYTES);
  let filled = 0;
  for await (const piece of content) {
    const taken = piece.subarray(0, HEADER_BYTES - filled);
    start.set(taken, filled);
    filled += taken.length;
    if (filled === HEADER_BYTES) break;
  }
  return start.subarray(0, filled);
}
