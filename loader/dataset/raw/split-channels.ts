import { PatchstreamError } from "../../../plan/errors.js";
import type { NiftiVolume } from "../nifti/read-nifti.js";

/** The channels of a file, each (Z,Y,X), in its memory. */
export function splitChannels({ header, voxels }: Pick<NiftiVolume, "header" | "voxels">): Float32Array[] {
  const count = header.shape[0];
  const size = voxels.length / count;
  return Array.from({ length: count }, (_, channel) => voxels.subarray(channel * size, (channel + 1) * size));
}

/** Throws INPUT_DAMAGED naming `file` where a case has not as many channels as are said in `countedIn`: completes "as in ...". */
export function checkChannelCount(file: string, got: number, want: number, countedIn: string): void {
  if (got === want) return;
  const reason = `the case has ${got} ${got === 1 ? "channel" : "channels"}`;
  throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: `${want}, as in ${countedIn}` });
}
