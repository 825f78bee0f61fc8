import { refuse } from "../../../plan/errors.js";
import { type LabelSet, locationClasses } from "../../../plan/label-set.js";
import { LIMITS } from "../../../plan/limits.js";
import { integer, list, name, object, type Read, real, required, zyx } from "../../../plan/run-spec/read.js";
import type { Zyx } from "../../../plan/zyx.js";
import { type PreprocessedPlans, parsePreprocessedPlans } from "../planner/parse-plans.js";
import { parseChannelsAndLabels } from "../raw/dataset-json.js";
import { checkName } from "../raw/list-cases.js";

/** A data set that somebody else has preprocessed as nnU-Net does, and what each case of it is made of. */
export interface PreparedDataset extends LabelSet {
  readonly name: string;
  readonly channelNames: readonly string[];
  readonly plans: PreprocessedPlans;
  /** The files beside a store's record, as they came: plans.json and, where given, dataset_fingerprint.json and splits_final.json. */
  readonly files: Readonly<Record<string, unknown>>;
  /** Sorted by id. */
  readonly cases: readonly PreparedCaseName[];
}

/** A case and the SHA-256 (hex) of what it is made of: while it stays, a case that is stored is not asked for again. */
export interface PreparedCaseName {
  readonly id: string;
  readonly sourceSha256: string;
}

/** What goes before the arrays of a case. */
export interface PreparedCaseHeader {
  readonly id: string;
  /** What messages call it: the file that it was read from. */
  readonly source: string;
  /** (C,Z,Y,X). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  /** Rows of the (n,3) locations of each class, in the order of `locationClasses`. */
  readonly locationCounts: readonly number[];
  /** In the source's axis order. */
  readonly originalShape: Zyx;
  readonly originalSpacingMm: Zyx;
  /** Box kept by the crop, in transposed source voxels. */
  readonly cropStart: Zyx;
  readonly cropEnd: Zyx;
  /** Row-major 4x4 voxel-to-world (mm) matrix of the source, for (x,y,z) voxel indices, where it is known. */
  readonly affine?: readonly number[];
  /** A file with the label on the original grid, where there is one. */
  readonly reference?: string;
}

const MOST_LOCATIONS = 2 ** 30;
const sha256Text: Read<string> = (value, field) =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value)
    ? value
    : refuse(field, value, "a SHA-256 in 64 hex digits");

/** Longest path that a file system takes. */
const MOST_PATH = 4096;
const path: Read<string> = (value, field) =>
  typeof value === "string" && value.length > 0 && value.length <= MOST_PATH ? value : refuse(field, value, "a path");

/** Far beyond what memory holds; the arrays themselves are bounded by their voxels. */
const MOST_SIDE = 2 ** 15;

const asItIs: Read<unknown> = (value) => value;
const spacing = list(real(0, 10_000, "above"), 3, 3);
const coordinate = real(-Number.MAX_VALUE, Number.MAX_VALUE);

const readDatasetFields = object({
  name,
  dataset: asItIs,
  plans: asItIs,
  fingerprint: asItIs,
  splits: asItIs,
  cases: list(object({ id: name, sha256: sha256Text }), 1, LIMITS.cases),
});

const readCaseFields = object({
  id: name,
  source: path,
  shape: list(integer(1, MOST_SIDE), 4, 4),
  locations: list(integer(0, MOST_LOCATIONS), 1, LIMITS.cases),
  originalShape: zyx(1, MOST_SIDE),
  originalSpacingMm: spacing,
  cropStart: zyx(0, MOST_SIDE),
  cropEnd: zyx(1, MOST_SIDE),
  affine: list(coordinate, 16, 16),
  reference: path,
});

/** Reads the first line of a prepared data set (docs/reference/prepared.md). Throws SPEC_INVALID naming the field. */
export function parsePreparedDataset(json: unknown): PreparedDataset {
  const fields = readDatasetFields(json, "data set");
  const given = required(fields.name, "data set.name", "the name of the data set");
  checkName("data set.name", given);
  const { labelCount: _labelCount, channelNames, ...labels } = parseChannelsAndLabels(fields.dataset);
  const gap = labels.sourceValues.findIndex((value, stored) => value !== stored);
  if (gap >= 0) refuse("dataset.json: labels", labels.sourceValues[gap], `${gap}: nnU-Net's labels have no gap`);
  const cases = required(fields.cases, "data set.cases", "a list of cases").map((one, index) => {
    const field = `data set.cases[${index}]`;
    const id = required(one.id, `${field}.id`, "a name").normalize("NFC");
    checkName("case id", id);
    return { id, sourceSha256: required(one.sha256, `${field}.sha256`, "a SHA-256 in 64 hex digits") };
  });
  cases.sort((a, b) => (a.id < b.id ? -1 : 1));
  const twin = cases.find(({ id }, index) => cases[index + 1]?.id === id);
  if (twin !== undefined) refuse("data set.cases", twin.id, "listed once");
  return {
    name: given,
    channelNames,
    ...labels,
    plans: parsePreprocessedPlans(fields.plans, channelNames.length),
    files: {
      "plans.json": fields.plans,
      ...(fields.fingerprint !== undefined && { "dataset_fingerprint.json": fields.fingerprint }),
      ...(fields.splits !== undefined && { "splits_final.json": fields.splits }),
    },
    cases,
  };
}

/** Reads the line before a case's arrays. Throws SPEC_INVALID naming the field, also where it is another case's. */
export function parsePreparedCase(json: unknown, id: string, dataset: PreparedDataset): PreparedCaseHeader {
  const fields = readCaseFields(json, `case ${id}`);
  const field = (of: keyof typeof fields) => `case ${id}.${of}`;
  if (fields.id?.normalize("NFC") !== id)
    refuse(field("id"), fields.id, `${JSON.stringify(id)}, the case that was asked for`);
  const shape = required(fields.shape, field("shape"), "four integers (C,Z,Y,X)");
  const [c, z, y, x] = shape as [number, number, number, number];
  if (c !== dataset.channelNames.length)
    refuse(field("shape"), shape, `of ${dataset.channelNames.length} channels, as in dataset.json`);
  const classes = locationClasses(dataset);
  const locationCounts = required(fields.locations, field("locations"), `${classes.length} integers`);
  if (locationCounts.length !== classes.length)
    refuse(field("locations"), locationCounts, `a list of ${classes.length} entries, one for each class ${classes}`);
  const triple = (of: "originalShape" | "cropStart" | "cropEnd") =>
    required(fields[of], field(of), "three integers (Z,Y,X)");
  return {
    id,
    source: fields.source ?? `case ${id}`,
    shape: [c, z, y, x],
    locationCounts,
    originalShape: triple("originalShape"),
    originalSpacingMm: required(
      fields.originalSpacingMm,
      field("originalSpacingMm"),
      "three numbers",
    ) as unknown as Zyx,
    cropStart: triple("cropStart"),
    cropEnd: triple("cropEnd"),
    ...(fields.affine && { affine: fields.affine }),
    ...(fields.reference && { reference: fields.reference }),
  };
}
