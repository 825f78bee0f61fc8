import type { LabelSet } from "../label-set.js";
import type { Zyx } from "../zyx.js";

/** What planning needs to know of a case; everything else is looked up when cutting. */
export interface CaseEntry {
  readonly id: string;
  /** Stored (preprocessed) shape Z,Y,X in voxels. */
  readonly shape: Zyx;
  /** Stored locations of each class, in the order of `locationClasses`. */
  readonly foregroundCounts: readonly number[];
  /** It has no label: it is there for prediction only, and no run may draw from it. */
  readonly unlabelled?: boolean;
}

/** What planning needs to know of a data set. */
export interface CaseTable {
  /** As in `LabelSet`. */
  readonly classes: readonly number[];
  /** As in `LabelSet`. */
  readonly ignoreLabel?: number;
  /** The largest stored label value; the largest class where it is absent. */
  readonly largestLabel?: number;
  /** Of the images. */
  readonly channels: number;
  readonly cases: readonly CaseEntry[];
}

/** What a case table is made of: a store's data set has it, and so has a server's description of it. */
interface DescribedDataset extends LabelSet {
  readonly channelNames: readonly string[];
  readonly cases: readonly {
    readonly id: string;
    /** (C,Z,Y,X). */
    readonly shape: readonly [c: number, z: number, y: number, x: number];
    readonly foregroundCounts: readonly number[];
    readonly unlabelled?: boolean;
  }[];
}

/** The case table of a data set. */
export function caseTable({ classes, ignoreLabel, sourceValues, channelNames, cases }: DescribedDataset): CaseTable {
  return {
    classes,
    ...(ignoreLabel !== undefined && { ignoreLabel }),
    largestLabel: sourceValues.length - 1,
    channels: channelNames.length,
    cases: cases.map(({ id, shape: [, z, y, x], foregroundCounts, unlabelled = false }) => ({
      id,
      shape: [z, y, x],
      foregroundCounts,
      ...(unlabelled && { unlabelled }),
    })),
  };
}
