import type { LabelSet } from "../../plan/label-set.js";
import type { Dataset } from "./dataset.js";

/** nnU-Net's names for the values that it treats as special (LabelManager). */
const BACKGROUND = "background";
const IGNORE = "ignore";

export interface NnunetDataset extends LabelSet {
  readonly name: string;
  readonly channelNames: readonly string[];
  /** Cases with a label; a model's file does not tell it. */
  readonly numTraining?: number;
}

/**
 * nnU-Net's dataset.json of a store. Its label values are the stored ones, which batches have and which are 0 to n - 1 as nnU-Net wants
 * them; the background is called `background` whatever the source calls it. With regions `labels` and `regions_class_order` are nnU-Net's
 * region-based form.
 */
export function nnunetDatasetJson(dataset: Dataset): object {
  const numTraining = dataset.cases.filter(({ unlabelled }) => !unlabelled).length;
  return nnunetDataset({ ...dataset, numTraining });
}

/** The same of what a model knows of its data. */
export function nnunetDataset(dataset: NnunetDataset): object {
  const { name, channelNames, numTraining, ignoreLabel, regions, sourceValues } = dataset;
  const learnt = regions?.map((region) => [region.name, region.values] as const) ?? foregroundLabels(dataset);
  return {
    name,
    channel_names: Object.fromEntries(channelNames.entries()),
    labels: {
      [BACKGROUND]: 0,
      ...Object.fromEntries(learnt),
      ...(ignoreLabel !== undefined && { [IGNORE]: ignoreLabel }),
    },
    ...(regions && { regions_class_order: regions.map(({ exportValue }) => sourceValues.indexOf(exportValue)) }),
    ...(numTraining !== undefined && { numTraining }),
    file_ending: ".nii.gz",
  };
}

function foregroundLabels({ labels }: LabelSet): (readonly [name: string, value: number])[] {
  const byValue = Object.entries(labels).sort(([, a], [, b]) => a - b);
  return byValue.filter(([, value]) => value > 0);
}
