import { createHash } from "node:crypto";
import { PatchstreamError } from "../../../plan/errors.js";
import type { Zyx } from "../../../plan/zyx.js";
import type { Nonfinite } from "../nifti/decode-voxels.js";
import type { NiftiHeader } from "../nifti/header.js";
import type { NiftiVolume } from "../nifti/read-nifti.js";
import type { Channels } from "../volume.js";
import type { RawCase } from "./list-cases.js";
import { readImage } from "./read-image.js";
import { checkChannelCount, splitChannels } from "./split-channels.js";

/** Two grids whose spacings differ by no more than this share of a voxel count as one. */
const SPACING_TOLERANCE = 1e-3;
/** Two grids count as one while no voxel of one lies further than this from its twin, in voxels. */
export const PLACE_TOLERANCE_VOXELS = 0.5;

/** A case as it lies on disk: `label` on the same grid as the channels, nothing changed yet. */
export interface SourceCase extends Channels {
  readonly spacingMm: Zyx;
  readonly affine: readonly number[];
  /** The first bytes of the first image, where it is a NIfTI file. */
  readonly headerBytes?: Uint8Array;
  /** SHA-256 (hex) over the SHA-256s of its files, images first. */
  readonly sha256: string;
  readonly tolerated: readonly ToleratedFlaw[];
  /** Present where it has no label: `label` is 0 everywhere. */
  readonly unlabelled?: true;
}

/** What was wrong, or odd, with a file that was taken all the same, as the rules allow. */
export type ToleratedFlaw =
  | { readonly flaw: "nonfinite"; readonly file: string; readonly voxels: number }
  | { readonly flaw: "bytes-behind"; readonly file: string; readonly bytes: number }
  | { readonly flaw: "misplaced"; readonly file: string; readonly voxelsApart: number };

/** What dataset.json and the user allow in a case. */
export interface CaseRules {
  readonly channelCount: number;
  /** Where that count is said: completes "as in ...". */
  readonly countedIn: string;
  /** Label values as the files have them, ascending, background included; a voxel is stored as its value's index here. */
  readonly labelValues: readonly number[];
  /** Voxels of NaN or infinity: read as 0, or their file is refused. */
  readonly nonfinite: Nonfinite;
  /** A file whose origin or direction differs from the first image's: refused, or taken voxel by voxel as nnU-Net does. */
  readonly geometry: "strict" | "ignore";
}

/** Reads a case's images and label and holds them against each other. Throws INPUT_DAMAGED naming the file at fault. */
export async function readRawCase({ images, label }: RawCase, rules: CaseRules): Promise<SourceCase> {
  const files: (NiftiVolume & { readonly path: string })[] = [];
  const paths = label === undefined ? images : [...images, label];
  for (const path of paths) files.push({ path, ...(await readImage(path, rules.nonfinite)) });
  const first = files[0] as (typeof files)[number];
  const tolerated: ToleratedFlaw[] = [];
  for (const { path, header, zeroed, bytesBehind } of files) {
    if (path === label && header.shape[0] !== 1) {
      throw damaged(label, `it has ${header.shape[0]} channels`, "a 3-D label");
    }
    checkSameSize(path, header, first.path, first.header);
    const voxelsApart = farthestApartVoxels(header, first.header);
    if (zeroed > 0) tolerated.push({ flaw: "nonfinite", file: path, voxels: zeroed });
    if (bytesBehind > 0) tolerated.push({ flaw: "bytes-behind", file: path, bytes: bytesBehind });
    if (voxelsApart <= PLACE_TOLERANCE_VOXELS) continue;
    if (rules.geometry === "strict") throw misplaced(path, voxelsApart, first.path);
    tolerated.push({ flaw: "misplaced", file: path, voxelsApart });
  }
  const stored = label === undefined ? undefined : files.at(-1);
  const channels = files.filter((file) => file !== stored).flatMap(splitChannels);
  checkChannelCount(first.path, channels.length, rules.channelCount, rules.countedIn);
  const [, z, y, x] = first.header.shape;
  return {
    shape: [z, y, x],
    channels,
    label: stored === undefined ? new Int16Array(z * y * x) : toLabels(stored.path, stored.voxels, rules.labelValues),
    spacingMm: first.header.spacingMm,
    affine: first.header.affine,
    ...(first.headerBytes && { headerBytes: first.headerBytes }),
    sha256: createHash("sha256")
      .update(files.map((file) => file.sha256).join("\n"))
      .digest("hex"),
    tolerated,
    ...(stored === undefined && { unlabelled: true }),
  };
}

function checkSameSize(path: string, header: NiftiHeader, firstPath: string, first: NiftiHeader): void {
  const [size, firstSize] = [header, first].map(({ shape }) => shape.slice(1).join("x"));
  if (size !== firstSize) throw damaged(path, `its size (Z,Y,X) is ${size}`, `${firstSize}, as in ${firstPath}`);
  const spacingFits = header.spacingMm.every((spacing, axis) => {
    const other = first.spacingMm[axis] as number;
    return Math.abs(spacing - other) <= SPACING_TOLERANCE * other;
  });
  if (!spacingFits) {
    const [spacing, other] = [header, first].map(({ spacingMm }) => spacingMm.join("x"));
    throw damaged(path, `its spacing (Z,Y,X) is ${spacing} mm`, `${other}, as in ${firstPath}`);
  }
}

function misplaced(path: string, voxelsApart: number, firstPath: string): PatchstreamError {
  const reason = `its affine places a voxel ${voxelsApart.toFixed(1)} voxels from where ${firstPath} has it`;
  const want = `within ${PLACE_TOLERANCE_VOXELS} voxel, or read with --geometry ignore, which lays voxel on voxel`;
  return damaged(path, reason, want);
}

/** The longest way between a corner voxel's places under the two affines, in voxels of `b`; no voxel lies further apart. */
export function farthestApartVoxels(
  a: Pick<NiftiHeader, "shape" | "affine">,
  b: Pick<NiftiHeader, "spacingMm" | "affine">,
): number {
  const [, z, y, x] = a.shape;
  let farthest = 0;
  for (let corner = 0; corner < 8; corner++) {
    const voxel = [(corner & 1) * (x - 1), ((corner >> 1) & 1) * (y - 1), (corner >> 2) * (z - 1), 1];
    let squared = 0;
    for (let row = 0; row < 3; row++) {
      let off = 0;
      for (const [column, at] of voxel.entries()) {
        off += ((a.affine[4 * row + column] as number) - (b.affine[4 * row + column] as number)) * at;
      }
      squared += off * off;
    }
    farthest = Math.max(farthest, Math.sqrt(squared));
  }
  return farthest / Math.min(...b.spacingMm);
}

/** The stored value of each voxel of a file: its value's index in `values`. Throws INPUT_DAMAGED for any other value. */
export function toLabels(path: string, voxels: Float32Array, values: readonly number[]): Int16Array {
  const label = new Int16Array(voxels.length);
  const stored = new Map(values.map((value, index) => [value, index]));
  let previous = 0;
  let index = 0;
  for (let i = 0; i < voxels.length; i++) {
    const value = voxels[i] as number;
    if (value !== previous) index = stored.get(value) ?? -1;
    if (index < 0) {
      const reason = Number.isInteger(value)
        ? `it holds the label ${value}`
        : `it holds the value ${value}, which is no label`;
      throw damaged(path, reason, `one of ${values.join(", ")}, the labels of dataset.json`);
    }
    previous = value;
    label[i] = index;
  }
  return label;
}

function damaged(file: string, reason: string, want: string): PatchstreamError {
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want });
}
