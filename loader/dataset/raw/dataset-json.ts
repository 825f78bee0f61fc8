import { PatchstreamError } from "../../../plan/errors.js";

/** What a raw data set's dataset.json says, whichever of the two forms it has. */
export interface DatasetJson {
  readonly channelNames: readonly string[];
  /** Label name to value, background (0) included. */
  readonly labels: Readonly<Record<string, number>>;
  readonly files: FileListing;
}

/** Where a data set's files lie; paths are as written, relative to the folder of dataset.json. */
export type FileListing =
  | { readonly kind: "folders"; readonly fileEnding: string; readonly caseCount: number | undefined }
  | { readonly kind: "listed"; readonly cases: readonly ListedCase[] };

export interface ListedCase {
  /** Absent in MSD's form, where the image's file name is the case's. */
  readonly id?: string;
  readonly images: readonly string[];
  readonly label: string;
}

const LARGEST_LABEL = 32767;
const FILE_ENDINGS = [".nii.gz", ".nii"];

/**
 * Reads nnU-Net v2's form (channel_names, labels by name, file_ending, optionally `dataset`) or MSD's (modality, labels by
 * value, `training`). Throws SPEC_INVALID naming the field, for regions, an ignore label and other file types too.
 */
export function parseDatasetJson(json: unknown): DatasetJson {
  if (!isRecord(json)) throw invalid("", json, "a JSON object");
  const channels = json.channel_names ?? json.modality;
  if (!isRecord(channels) || !Object.values(channels).every((name) => typeof name === "string")) {
    throw invalid("channel_names", channels, 'an object such as {"0": "MRI"}');
  }
  const channelNames = Object.keys(channels)
    .sort((a, b) => Number(a) - Number(b))
    .map((key, channel) => {
      if (key !== String(channel)) throw invalid("channel_names", channels, "numbered from 0 without a gap");
      return String(channels[key]);
    });
  if (channelNames.length === 0) throw invalid("channel_names", channels, "at least one channel");
  return { channelNames, labels: parseLabels(json.labels), files: parseFiles(json) };
}

function parseLabels(labels: unknown): Record<string, number> {
  if (!isRecord(labels)) throw invalid("labels", labels, 'an object such as {"background": 0, "liver": 1}');
  const byValue = Object.entries(labels).every(([key, name]) => /^\d+$/.test(key) && typeof name === "string");
  const named = byValue ? Object.entries(labels).map(([value, name]) => [name, Number(value)]) : Object.entries(labels);
  const parsed: Record<string, number> = {};
  for (const [key, value] of named as [string, unknown][]) {
    const field = `labels.${key}`;
    if (key === "ignore") throw invalid(field, value, "left out (an ignore label is not supported)");
    if (Array.isArray(value)) throw invalid(field, value, "one label (regions, lists of labels, are not supported)");
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > LARGEST_LABEL) {
      throw invalid(field, value, `an integer from 0 to ${LARGEST_LABEL}`);
    }
    parsed[key] = value as number;
  }
  const values = Object.values(parsed);
  if (new Set(values).size !== values.length) throw invalid("labels", labels, "without two names for one value");
  if (!values.includes(0)) throw invalid("labels", labels, "complete with a background of 0");
  if (values.length < 2) throw invalid("labels", labels, "complete with at least one foreground class");
  return parsed;
}

function parseFiles(json: Record<string, unknown>): FileListing {
  if (json.file_ending !== undefined && !FILE_ENDINGS.includes(String(json.file_ending))) {
    throw invalid("file_ending", json.file_ending, `${FILE_ENDINGS.join(" or ")} (other file types are not supported)`);
  }
  if (json.dataset !== undefined) return { kind: "listed", cases: parseDatasetKey(json.dataset) };
  if (json.training !== undefined) return { kind: "listed", cases: parseTraining(json.training) };
  if (json.file_ending === undefined) throw invalid("file_ending", undefined, FILE_ENDINGS.join(" or "));
  const count = json.numTraining;
  if (count !== undefined && !Number.isInteger(count)) throw invalid("numTraining", count, "an integer");
  return { kind: "folders", fileEnding: String(json.file_ending), caseCount: count as number | undefined };
}

function parseDatasetKey(dataset: unknown): ListedCase[] {
  const want = 'an object such as {"case": {"images": ["a.nii.gz"], "label": "b.nii.gz"}}';
  if (!isRecord(dataset)) throw invalid("dataset", dataset, want);
  return Object.entries(dataset).map(([id, entry]) => {
    if (!isRecord(entry) || !isTextList(entry.images) || typeof entry.label !== "string") {
      throw invalid(`dataset.${id}`, entry, want);
    }
    return { id, images: entry.images, label: entry.label };
  });
}

function parseTraining(training: unknown): ListedCase[] {
  const want = 'a list such as [{"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"}]';
  if (!Array.isArray(training)) throw invalid("training", training, want);
  return training.map((entry: unknown, i) => {
    if (!isRecord(entry) || typeof entry.image !== "string" || typeof entry.label !== "string") {
      throw invalid(`training[${i}]`, entry, want);
    }
    return { images: [entry.image], label: entry.label };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function invalid(field: string, got: unknown, want: string): PatchstreamError {
  return new PatchstreamError({ code: "SPEC_INVALID", field: `dataset.json ${field}`.trim(), got, want });
}
