import { brokenProtocol } from "../../client/transport/batch-receiver.js";
import type { Zyx } from "../../plan/zyx.js";
import type { DescribeModelResponse } from "../../proto/messages.js";
import type { TrainedOn } from "../run-folder/trained-on.js";

/** A checkpoint without its weights. */
export interface DescribedModel {
  /** Steps that it holds. */
  readonly step: number;
  readonly trainedOn: TrainedOn;
  /** Of the sliding window (Z,Y,X). */
  readonly patchSize: Zyx;
}

function parsePlans(plans: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(plans).toString());
  } catch {
    throw brokenProtocol("a model was described with plans that are no JSON");
  }
}

/** The trainer's answer in our terms. Throws INTERNAL for one that makes no sense. */
export function describedModel(answer: DescribeModelResponse): DescribedModel {
  const { step, dataset, plans, channelNames, labels, sourceValues, classes, regions, ignoreLabel, patchSize } = answer;
  const [z = 0, y = 0, x = 0] = patchSize;
  return {
    step,
    trainedOn: {
      name: dataset,
      plans: parsePlans(plans),
      channelNames,
      labelSet: {
        labels,
        sourceValues,
        classes,
        ...(regions.length > 0 && { regions }),
        ...(ignoreLabel !== undefined && { ignoreLabel }),
      },
    },
    patchSize: [z, y, x],
  };
}
