import { createHash } from "node:crypto";
import type { LabelSet } from "../../plan/label-set.js";
import type { ModelState } from "../engines/engine.js";
import type { TrainedOn } from "./trained-on.js";

/** In a folder of labels: what made them, and what their values mean. */
export const LABELS_FILE = "labels.json";

/** What `LABELS_FILE` holds. */
export interface LabelsRecord {
  readonly dataset: string;
  /** SHA-256 (hex) of each model's weights; of a trainer's the training and which checkpoint. */
  readonly models: readonly string[];
  readonly mirror: boolean;
  readonly labelSet: LabelSet;
}

/** Of labels that are made with all of a model, mirrored as it was trained. */
export function labelsRecord({ name, labelSet }: TrainedOn, model: ModelState): LabelsRecord {
  return { dataset: name, models: [weightsSha256(model)], mirror: true, labelSet };
}

/** As the file has it. */
export function labelsRecordText(record: LabelsRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** SHA-256 (hex) of a model's weights: of their names and values, in their order. */
export function weightsSha256(model: ModelState): string {
  const hash = createHash("sha256");
  for (const [name, { values }] of model)
    if (name.startsWith("weight/"))
      hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return hash.digest("hex");
}
