import type { DatasetInfo } from "../../client/types.js";
import { refuse } from "../../plan/errors.js";
import type { LabelSet } from "../../plan/label-set.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import { describeNetwork } from "../networks/describe.js";
import type { NetworkDescription } from "../networks/network.js";
import { checkPatchSize } from "../networks/patch-multiple.js";
import type { TrainingSpec } from "../spec.js";
import { outputCount } from "./label-options.js";

const GROWTH = " A curriculum begins with data.plan.minimum and grows by data.plan.increment.";

/**
 * The network that a run trains. Throws SPEC_INVALID for a stage whose patch it cannot take, naming the nearest that it can, and for deep
 * supervision of a network that has one output.
 */
export function networkFor(
  { plan, stages, deepSupervision }: Pick<ResolvedSpec, "plan" | "stages" | "deepSupervision">,
  { network: name, baseFeatures }: Pick<TrainingSpec, "network" | "baseFeatures">,
  size: { channels: number; classes: number },
): NetworkDescription {
  const network = describeNetwork(plan, { ...size, network: name, baseFeatures });
  for (const [index, { patchSize }] of stages.entries())
    checkPatchSize(network, patchSize, `data.stages[${index}].patchSize`, GROWTH);
  if (deepSupervision && network.heads.length === 1)
    refuse("data.deepSupervision", deepSupervision, `false for the network ${network.kind}, which has one output`);
  return network;
}

/** What the data set says of its network. Throws LIMIT_EXCEEDED for more label values than labels of one byte hold. */
export function networkSize(dataset: LabelSet & Pick<DatasetInfo, "channelNames">): {
  channels: number;
  classes: number;
} {
  return { channels: dataset.channelNames.length, classes: outputCount(dataset) };
}
