import { npyPieces } from "../../disk/npy.js";
import type { Zyx } from "../../plan/zyx.js";
import { storedZip } from "./stored-zip.js";

/**
 * Probabilities (K,Z,Y,X of the source file) as a file for `numpy.load`, under nnU-Net's name `probabilities` (export_prediction.py), not
 * compressed. Pieces to write one after the other. Throws LIMIT_EXCEEDED from 4 GiB on.
 */
export function probabilitiesNpz(probabilities: Float32Array, shape: Zyx): Uint8Array[] {
  const outputs = probabilities.length / (shape[0] * shape[1] * shape[2]);
  return storedZip([{ name: "probabilities.npy", pieces: npyPieces(probabilities, [outputs, ...shape]) }]);
}
