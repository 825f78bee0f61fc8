import { createHash } from "node:crypto";
import { readNamedJson } from "../../disk/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { LabelRegion, LabelSet } from "../../plan/label-set.js";
import { integer, list, name, type Read, truth } from "../../plan/run-spec/read.js";
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

const MOST_MODELS = 1000;
const MOST_LABELS = 65_536;
const LABEL = integer(0, MOST_LABELS - 1);
const LABELS = list(LABEL, 0, MOST_LABELS);

/** The fields of a JSON object; none of what is no object, so that its first field is missing. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

const region: Read<LabelRegion> = (value, field) => {
  const fields = fieldsOf(value);
  return {
    name: name(fields.name, `${field}.name`),
    values: LABELS(fields.values, `${field}.values`),
    exportValue: LABEL(fields.exportValue, `${field}.exportValue`),
  };
};

const labelSet: Read<LabelSet> = (value, field) => {
  const { labels, sourceValues, classes, regions, ignoreLabel } = fieldsOf(value);
  return {
    sourceValues: LABELS(sourceValues, `${field}.sourceValues`),
    classes: LABELS(classes, `${field}.classes`),
    labels: Object.fromEntries(
      Object.entries(fieldsOf(labels)).map(([key, label]) => [key, LABEL(label, `${field}.labels.${key}`)]),
    ),
    ...(regions !== undefined && { regions: list(region, 0, MOST_LABELS)(regions, `${field}.regions`) }),
    ...(ignoreLabel !== undefined && { ignoreLabel: LABEL(ignoreLabel, `${field}.ignoreLabel`) }),
  };
};

/** What the `LABELS_FILE` at `file` holds. Throws INPUT_DAMAGED naming the file, the field, its value and what would be right. */
export function readLabelsRecord(file: string): Omit<LabelsRecord, "dataset"> {
  const want = "what `patchstream predict` wrote";
  const fields = fieldsOf(readNamedJson(file, want));
  try {
    return {
      models: list(name, 0, MOST_MODELS)(fields.models, "models"),
      mirror: truth(fields.mirror, "mirror"),
      labelSet: labelSet(fields.labelSet, "labelSet"),
    };
  } catch (cause) {
    if (!(cause instanceof PatchstreamError) || cause.facts.code !== "SPEC_INVALID") throw cause;
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: cause.message, want }, undefined, { cause });
  }
}

/** SHA-256 (hex) of a model's weights: of their names and values, in their order. */
export function weightsSha256(model: ModelState): string {
  const hash = createHash("sha256");
  for (const [name, { values }] of model)
    if (name.startsWith("weight/"))
      hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return hash.digest("hex");
}
