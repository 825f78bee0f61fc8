import type { Zyx } from "../zyx.js";

/** What planning needs to know of a case; everything else is looked up when cutting. */
export interface CaseEntry {
  readonly id: string;
  /** Stored (preprocessed) shape Z,Y,X in voxels. */
  readonly shape: Zyx;
  /** Stored foreground locations of each class, in the order of `CaseTable.classes`. */
  readonly foregroundCounts: readonly number[];
}

/** What planning needs to know of a data set. */
export interface CaseTable {
  /** Foreground label values, ascending. */
  readonly classes: readonly number[];
  /** Of the images. */
  readonly channels: number;
  readonly cases: readonly CaseEntry[];
}

/** What a case table is made of: a store's data set has it, and so has a server's description of it. */
interface DescribedDataset {
  readonly classes: readonly number[];
  readonly channelNames: readonly string[];
  readonly cases: readonly {
    readonly id: string;
    /** (C,Z,Y,X). */
    readonly shape: readonly [c: number, z: number, y: number, x: number];
    readonly foregroundCounts: readonly number[];
  }[];
}

/** The case table of a data set. */
export function caseTable({ classes, channelNames, cases }: DescribedDataset): CaseTable {
  return {
    classes,
    channels: channelNames.length,
    cases: cases.map(({ id, shape: [, z, y, x], foregroundCounts }) => ({ id, shape: [z, y, x], foregroundCounts })),
  };
}
