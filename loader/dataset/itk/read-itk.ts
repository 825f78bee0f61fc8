import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { createUnzip } from "node:zlib";
import { PatchstreamError } from "../../../plan/errors.js";
import { checkIsFile, inputDamaged } from "../input-damaged.js";
import { DEFLATE_RATIO } from "../nifti/check-size.js";
import { decodeVoxels, type Nonfinite } from "../nifti/decode-voxels.js";
import { HeaderRefused } from "../nifti/header.js";
import type { NiftiVolume } from "../nifti/read-nifti.js";
import { headerOf, type ItkImage } from "./image-header.js";
import { findVoxels, type StoredVoxels, TEXT_HEADER_BYTES } from "./stored-voxels.js";

const PACKAGE: string = "@itk-wasm/image-io";

/** What is used of @itk-wasm/image-io, whose own types cannot be resolved (its package.json names a file that it does not have). */
interface ItkFiles {
  readImageNode(path: string): Promise<ItkImage>;
  writeImageNode(image: ItkImage, path: string, options: { readonly useCompression: boolean }): Promise<void>;
}

/**
 * Reads a MetaImage or NRRD file with ITK's own readers, as what the same image would be as NIfTI; several values a voxel are
 * channels. The image is held whole, three times for a while. Throws INPUT_DAMAGED naming the file, or ENGINE_MISSING where
 * @itk-wasm/image-io is not installed.
 */
export async function readItk(path: string, nonfinite: Nonfinite): Promise<NiftiVolume> {
  try {
    await checkIsFile(path);
    const stored = findVoxels(path, await textHeader(path));
    await checkStored(stored);
    const { imageType, data, ...image } = await readImage(path);
    const header = headerOf({ imageType, data, ...image });
    const { voxels, ...read } = await decodeVoxels(pieces(data), header, nonfinite);
    const sha256 = await hashOf(stored.file === path ? [path] : [path, stored.file]);
    return { header, voxels: componentsFirst(voxels, imageType.components), ...read, sha256 };
  } catch (error) {
    throw inputDamaged(path, error);
  }
}

/** Values that the header of a MetaImage or NRRD file promises. Throws INPUT_DAMAGED naming the file. */
export async function promisedItkValues(path: string): Promise<number> {
  try {
    await checkIsFile(path);
    return findVoxels(path, await textHeader(path)).count;
  } catch (error) {
    throw inputDamaged(path, error);
  }
}

async function textHeader(path: string): Promise<string> {
  await using file = await open(path);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(TEXT_HEADER_BYTES), 0, TEXT_HEADER_BYTES, 0);
  return buffer.toString("latin1", 0, bytesRead);
}

/** Refuses what cannot hold the voxels, and a compressed stream that ITK would take although its checksum is wrong. */
async function checkStored({ file, offset, deflated, count }: StoredVoxels): Promise<void> {
  await checkIsFile(file);
  const { size } = await stat(file);
  if (count > size * (deflated ? DEFLATE_RATIO : 1)) {
    throw new HeaderRefused(`its header promises ${count} voxels, which ${size} bytes cannot hold`, "whole");
  }
  if (!deflated || offset === undefined) return;
  await pipeline(createReadStream(file, { start: offset }), createUnzip(), async (content) => {
    for await (const _ of content);
  });
}

/** The package is loaded here and nowhere else: who has NIfTI files only does not need it. */
export async function itkFiles(path: string): Promise<ItkFiles> {
  return import(PACKAGE).catch((cause: unknown) => {
    const reason = `${path} cannot be read without it`;
    throw new PatchstreamError({ code: "ENGINE_MISSING", engine: PACKAGE, reason }, `Run: npm install ${PACKAGE}`, {
      cause,
    });
  });
}

/** The image as ITK has it. Throws HeaderRefused, or ENGINE_MISSING. */
export async function readImage(path: string): Promise<ItkImage> {
  const { readImageNode } = await itkFiles(path);
  const said: string[] = [];
  const image = await withConsole(said, () => readImageNode(resolve(path))).catch(() => undefined);
  if (image?.data) return image;
  const reason = said.find((line) => /\w+: \w/.test(line))?.replaceAll(/\s+/g, " ") ?? "no reason given";
  throw new HeaderRefused(`ITK cannot read it (${reason})`, "a whole MetaImage or NRRD file");
}

/**
 * Runs `read` with the console's words going to `said`: itk-wasm prints why it fails, on stdout too, and throws a bare number. A worker
 * reads one file at a time, so that nothing else speaks meanwhile.
 */
export async function withConsole<T>(said: string[], read: () => Promise<T>): Promise<T> {
  const { log, error } = console;
  const listen = (...words: unknown[]) => {
    said.push(words.map(String).join(" "));
  };
  console.log = listen;
  console.error = listen;
  try {
    return await read();
  } finally {
    console.log = log;
    console.error = error;
  }
}

async function* pieces(data: ItkImage["data"]): AsyncGenerator<Uint8Array> {
  if (data !== null) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** From the values of one voxel after the other to those of one channel after the other. */
function componentsFirst(voxels: Float32Array, components: number): Float32Array {
  if (components === 1) return voxels;
  const count = voxels.length / components;
  return Float32Array.from(voxels, (_, i) => voxels[(i % count) * components + Math.floor(i / count)] as number);
}

async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) for await (const piece of createReadStream(file)) hash.update(piece);
  return hash.digest("hex");
}
