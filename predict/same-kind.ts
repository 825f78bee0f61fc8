import { type Preparation, parsePreparation } from "../loader/index.js";
import { PatchstreamError, type Zyx } from "../plan/index.js";
import type { TrainedOn } from "../trainer/index.js";

/** What must be alike in models that label together. */
export interface ModelKind {
  /** What an error calls it: its file, or its training. */
  readonly file: string;
  readonly trainedOn: TrainedOn;
  /** Of the sliding window (Z,Y,X). */
  readonly patchSize: Zyx;
}

/** How images are preprocessed for a model. Throws INPUT_DAMAGED where we cannot. */
export function preparationOf({ file, trainedOn }: ModelKind): Preparation {
  try {
    return parsePreparation(trainedOn.plans, trainedOn.channelNames.length);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const want = "of a model whose training data was preprocessed as nnU-Net's default is";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause });
  }
}

/** Models can be averaged where they take the same input and their outputs mean the same. Throws INPUT_DAMAGED naming the one that differs. */
export function checkSameKind([first, ...others]: readonly ModelKind[]): void {
  if (first === undefined) return;
  const kindOf = (model: ModelKind) => ({
    preprocessing: preparationOf(model),
    channels: model.trainedOn.channelNames,
    labels: model.trainedOn.labelSet,
    patch: model.patchSize,
  });
  const one = kindOf(first);
  for (const other of others) {
    const two = kindOf(other);
    for (const what of ["channels", "labels", "preprocessing", "patch"] as const) {
      if (JSON.stringify(one[what]) === JSON.stringify(two[what])) continue;
      const reason = `its ${what} ${what === "preprocessing" || what === "patch" ? "is" : "are"} not those of ${first.file}`;
      const want = "a model of the same data and plan, such as another fold";
      throw new PatchstreamError({ code: "INPUT_DAMAGED", file: other.file, reason, want });
    }
  }
}
