import type { Region } from "../../client/index.js";
import type { LabelSet } from "../../plan/index.js";

/** The volumes that batches are cut from, in a store or at a data server. */
export interface Volumes {
  readonly dataset: LabelSet & {
    readonly name: string;
    readonly channelNames: readonly string[];
    readonly cases: readonly ShownCase[];
  };
  /** (C,Z,Y,X) float32. */
  readImage(caseId: string, region: Region): Promise<Float32Array>;
  /** (Z,Y,X) int16; -1 where the crop to nonzero masked it. */
  readLabel(caseId: string, region: Region): Promise<Int16Array>;
}

export interface ShownCase {
  readonly id: string;
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  readonly spacingMm: readonly [z: number, y: number, x: number];
}
