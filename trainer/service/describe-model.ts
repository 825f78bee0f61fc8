import type { DescribeModelResponse } from "../../proto/messages.js";
import { type CheckpointName, checkpointPath, noCheckpoint, readCheckpointHeader } from "../run-folder/checkpoint.js";
import { trainedOnOf } from "../run-folder/trained-on.js";

/** A checkpoint of a training in `folder` without its weights. Throws NOT_FOUND where there is none yet, INPUT_DAMAGED. */
export function describeModel(folder: string, training: string, name: CheckpointName): DescribeModelResponse {
  const header = readCheckpointHeader(folder, name);
  if (header === undefined) throw noCheckpoint(training, name);
  const { name: dataset, plans, channelNames, labelSet } = trainedOnOf(header, checkpointPath(folder, name));
  const { labels, sourceValues, classes, regions = [], ignoreLabel } = labelSet;
  return {
    step: header.step,
    dataset,
    plans: Buffer.from(JSON.stringify(plans)),
    channelNames,
    labels,
    sourceValues,
    classes,
    regions,
    ...(ignoreLabel !== undefined && { ignoreLabel }),
    patchSize: header.spec.plan.patchSize,
  };
}
