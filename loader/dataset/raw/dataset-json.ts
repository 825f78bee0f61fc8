import { refuse } from "../../../plan/errors.js";
import { LIMITS } from "../../../plan/limits.js";
import { entries, integer, list, name, word } from "../../../plan/run-spec/read.js";
import { type ParsedLabels, parseLabels } from "./parse-labels.js";
import { IMAGE_ENDINGS } from "./read-image.js";

/** What a raw data set's dataset.json says, whichever of the two forms it has. */
export interface DatasetJson extends ParsedLabels {
  readonly channelNames: readonly string[];
  readonly files: FileListing;
}

/** Where a data set's files lie; paths are as written, from the folder of dataset.json. */
export type FileListing =
  | { readonly kind: "folders"; readonly fileEnding: string; readonly caseCount: number | undefined }
  | { readonly kind: "listed"; readonly cases: readonly ListedCase[] };

export interface ListedCase {
  /** Absent in the lists `training` and `test`, where the image's file name is the case's. */
  readonly id?: string;
  readonly images: readonly string[];
  /** Absent only where cases without a label were asked for. */
  readonly label?: string;
}

/** What nnU-Net's other readers take (nnunetv2/imageio). */
const OTHER_IMAGES = [".png", ".bmp", ".tif", ".tiff", ".b2nd"] as const;

const readPath = name;
const readPaths = list(readPath, 1, LIMITS.cases);

/**
 * Reads nnU-Net v2's form (channel_names, labels by name, file_ending, optionally `dataset`) or MSD's (modality, labels by
 * value, `training`), which nnU-Net v1 has too. With `unlabelled` a listed case may lack its label, and those of MSD's `test` are listed
 * too. Throws SPEC_INVALID naming the field, for other file types too.
 */
export function parseDatasetJson(json: unknown, unlabelled = false): DatasetJson {
  return { ...parseChannelsAndLabels(json), files: parseFiles(members(json, "dataset.json"), unlabelled) };
}

/** Reads what either form says of channels and labels, whatever files it lists. Throws SPEC_INVALID naming the field. */
export function parseChannelsAndLabels(json: unknown): Omit<DatasetJson, "files"> {
  const fields = members(json, "dataset.json");
  const naming = fields.channel_names === undefined ? "modality" : "channel_names";
  return {
    channelNames: parseChannels(fields[naming], `dataset.json: ${naming}`),
    ...parseLabels(fields.labels, fields.regions_class_order),
  };
}

function parseChannels(value: unknown, field: string): string[] {
  const channels = entries(value, field).sort(([a], [b]) => Number(a) - Number(b));
  if (channels.length === 0 || channels.some(([key], channel) => !/^\d+$/.test(key) || Number(key) !== channel)) {
    refuse(field, value, "numbered from 0 without a gap");
  }
  return channels.map(([key, channel]) => name(channel, `${field}.${key}`));
}

function parseFiles(
  { file_ending, dataset, training, test, numTraining }: Readonly<Record<string, unknown>>,
  unlabelled: boolean,
): FileListing {
  const listed = dataset ?? training;
  if (file_ending !== undefined || listed === undefined) checkFileEnding(file_ending, "dataset.json: file_ending");
  if (dataset !== undefined)
    return { kind: "listed", cases: parseDatasetKey(dataset, "dataset.json: dataset", unlabelled) };
  if (training !== undefined) {
    const cases = trainingReader(unlabelled)(training, "dataset.json: training");
    const without = unlabelled && test !== undefined ? readTest(test, "dataset.json: test") : [];
    return { kind: "listed", cases: [...cases, ...without] };
  }
  const caseCount =
    numTraining === undefined ? undefined : integer(1, LIMITS.cases)(numTraining, "dataset.json: numTraining");
  return { kind: "folders", fileEnding: String(file_ending), caseCount };
}

/** Throws SPEC_INVALID; for what nnU-Net reads and this does not, with what to do. */
function checkFileEnding(value: unknown, field: string): void {
  if (OTHER_IMAGES.some((ending) => ending === value)) {
    const hint = "Convert the files, for example with SimpleITK's ReadImage and WriteImage.";
    refuse(field, value, IMAGE_ENDINGS.map((ending) => JSON.stringify(ending)).join(" or "), hint);
  }
  word(IMAGE_ENDINGS)(value, field);
}

function parseDatasetKey(value: unknown, field: string, unlabelled: boolean): ListedCase[] {
  return entries(value, field).map(([id, entry]) => {
    const { images, label } = members(entry, `${field}.${id}`);
    return {
      id,
      images: readPaths(images, `${field}.${id}.images`),
      ...readLabel(label, `${field}.${id}.label`, unlabelled),
    };
  });
}

function trainingReader(unlabelled: boolean) {
  return list<ListedCase>(
    (entry, field) => {
      const { image, label } = members(entry, field);
      return { images: [readPath(image, `${field}.image`)], ...readLabel(label, `${field}.label`, unlabelled) };
    },
    1,
    LIMITS.cases,
  );
}

/** MSD's list of images without a label: paths alone. */
const readTest = list<ListedCase>((entry, field) => ({ images: [readPath(entry, field)] }), 0, LIMITS.cases);

function readLabel(value: unknown, field: string, mayLack: boolean): Pick<ListedCase, "label"> {
  return mayLack && value === undefined ? {} : { label: readPath(value, field) };
}

function members(value: unknown, field: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries(value, field));
}
