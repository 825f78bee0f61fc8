import type { DatasetInfo, RunInfo } from "../../client/types.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { LabelSet } from "../../plan/label-set.js";

/** What a model must know of the data that it was trained on so that it labels new images without a data server. */
export interface TrainedOn {
  /** The data set's name. */
  readonly name: string;
  /** nnU-Net's plans.json of the run: it says how raw images were preprocessed. */
  readonly plans: unknown;
  readonly channelNames: readonly string[];
  /** What its outputs stand for, and what the source's files call them. */
  readonly labelSet: LabelSet;
}

/** What the checkpoint in `file` says of it. Throws INPUT_DAMAGED for one that was written before it was kept. */
export function trainedOnOf({ trainedOn }: { readonly trainedOn?: TrainedOn }, file: string): TrainedOn {
  if (trainedOn !== undefined) return trainedOn;
  const reason = "an older version wrote it, and it does not say how images were preprocessed";
  throw new PatchstreamError(
    { code: "INPUT_DAMAGED", file, reason, want: "a checkpoint of this version" },
    "Go on with its training for a step: the next checkpoint says it.",
  );
}

/** What a data server says of it. */
export function trainedOn({ plansJson }: Pick<RunInfo, "plansJson">, dataset: DatasetInfo): TrainedOn {
  const { name, channelNames, labels, sourceValues, classes, regions, ignoreLabel } = dataset;
  return {
    name,
    plans: JSON.parse(plansJson),
    channelNames,
    labelSet: {
      labels,
      sourceValues,
      classes,
      ...(regions && { regions }),
      ...(ignoreLabel !== undefined && { ignoreLabel }),
    },
  };
}
