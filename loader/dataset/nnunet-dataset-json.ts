import type { Dataset } from "./store.js";

/** nnU-Net's names for the values that it treats as special (LabelManager). */
const BACKGROUND = "background";
const IGNORE = "ignore";

/**
 * nnU-Net's dataset.json of a store. Its label values are the stored ones, which batches have and which are 0 to n - 1 as nnU-Net wants
 * them; the background is called `background` whatever the source calls it. With regions `labels` and `regions_class_order` are nnU-Net's
 * region-based form.
 */
export function nnunetDatasetJson(dataset: Dataset): object {
  const { name, channelNames, cases, ignoreLabel, regions, sourceValues } = dataset;
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
    numTraining: cases.filter(({ unlabelled }) => !unlabelled).length,
    file_ending: ".nii.gz",
  };
}

function foregroundLabels({ labels }: Dataset): (readonly [name: string, value: number])[] {
  const byValue = Object.entries(labels).sort(([, a], [, b]) => a - b);
  return byValue.filter(([, value]) => value > 0);
}
