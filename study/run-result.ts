/** What is compared: one point of the experiment's grid. */
export interface StudyPoint {
  /** Name of the data set in the study's document. */
  readonly dataset: string;
  /** Name of the network in the study's document: "plain-unet", "resenc-l", "unetr", ... */
  readonly network: string;
  /** Name of the method in the study's document: "constant", "efficiency", "performance", "rpss", ... or the user's own. */
  readonly method: string;
  /** How a batch is built: "nnunet", "split-crop", "multi-crop", ... */
  readonly strategy: string;
  readonly mirroring: boolean;
  readonly fold: number;
  /** Training length in percent of the full one: fewer steps an epoch, the same epochs (the paper's 3.2.4). */
  readonly length: number;
  readonly seed: number;
}

/** One stage of a run as it went. */
export interface StudyStage {
  readonly stage: number;
  /** Z,Y,X voxels. */
  readonly patchSize: readonly [number, number, number];
  readonly batchSize: number;
  readonly steps: number;
  /** In optimiser steps, without waiting. */
  readonly stepSeconds: number;
  readonly waitingSeconds: number;
  /** Of all its steps; 0 where the trainer does not count them. */
  readonly flops: number;
  /** Mean share of foreground voxels in its batches, 0 to 1; absent where the trainer does not tell (one of several GPUs). */
  readonly foregroundShare?: number;
  /** Mean number of foreground classes that a batch held; absent where the trainer does not tell. */
  readonly classesPerStep?: number;
  /** Joules of the machine's processors or GPU; absent where the machine does not tell. */
  readonly joules?: number;
}

/** One epoch of a run, for curves. */
export interface StudyEpoch {
  readonly epoch: number;
  /** Steps taken by its end. */
  readonly steps: number;
  /** Seconds of training by its end: steps and waiting, without validation. */
  readonly seconds: number;
  readonly loss: number;
  /** Mean over the foreground classes; absent without validation. */
  readonly pseudoDice?: number;
}

/** Dice of one held-out case: a class that neither the label nor the prediction has is null. */
export interface StudyCase {
  readonly case: string;
  readonly dice: readonly (number | null)[];
}

/** What one run of a study ended with: `runs/NAME/result.json`. */
export interface RunResult {
  readonly point: StudyPoint;
  /** A run whose loss is no longer a number has diverged; it counts as Dice 0, as in the paper. */
  readonly outcome: "finished" | "diverged";
  /** Why it diverged. */
  readonly message?: string;
  /** Names of the foreground classes or regions, in the order of `dice`. */
  readonly classes: readonly string[];
  /** Held-out cases in the order of their names; empty when it diverged. */
  readonly cases: readonly StudyCase[];
  /** Mean over cases for each class, in the order of `classes`; null for one that no case has. */
  readonly dice: readonly (number | null)[];
  /** Mean over the foreground classes: the figure of the paper's tables. */
  readonly meanDice: number;
  readonly stages: readonly StudyStage[];
  readonly epochs: readonly StudyEpoch[];
  /** Steps and waiting, without validation and evaluation. */
  readonly trainingSeconds: number;
  /** Validation, and evaluation of the held-out cases; absent in results of an older version. */
  readonly forwardSeconds?: number;
  /** Engine and trainer that ran it, as `doctor` names them. */
  readonly engine: string;
}

/** What the report says of a data set beside its scores: `datasets.json`. */
export interface StudyDataset {
  readonly name: string;
  readonly cases: number;
  readonly classes: readonly string[];
  /** The plan's patch as a share of the median volume, 0 to 1. */
  readonly patchCoverage: number;
  /** Smallest share of all voxels that a foreground class has. */
  readonly smallestClassShare: number;
  /** Name of the data set in the paper where it is one of its 15. */
  readonly paper?: string;
}

/** Which training a run is. */
export interface StartedRun {
  /** Address of its trainer; `OWN_TRAINER` for the study's own. */
  readonly trainer: string;
  /** What the study called the start: a trainer that is asked again starts no second one. Absent in notes of an older version. */
  readonly key?: string;
  /** Its id there; absent until the trainer has answered. */
  readonly training?: string;
}
