import { refuse } from "../../plan/errors.js";
import { MODES, PAPER_DATASETS, parseDataSpec, type Strategy } from "../../plan/index.js";
import { entries, integer, list, object, type Read, real, required, truth, word } from "../../plan/run-spec/read.js";
import { NETWORKS } from "../../trainer/index.js";
import {
  COMMON_DATA,
  COMMON_TRAINING,
  foldsOf,
  METHOD_DATA,
  NETWORK_DATA,
  NETWORK_TRAINING,
  parseDataSettings,
  parseTrainingSettings,
  within,
} from "./parse-settings.js";
import type { Settings, StudyGrid, StudyNetwork, StudySource, StudySpec, StudyVariant } from "./study-spec.js";

const MAX_NAMES = 1000;
const MAX_FOLD = 999;
const MAX_AT_ONCE = 256;
const STRATEGIES: readonly Strategy[] = ["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"];

/** A name that is part of a folder's: see `pointName`. */
const studyName: Read<string> = (value, field) =>
  typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(value)
    ? value
    : refuse(
        field,
        value,
        "a name of up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first",
      );

const text: Read<string> = (value, field) =>
  typeof value === "string" && value !== "" ? value : refuse(field, value, "text");

const anything: Read<unknown> = (value) => value;

/** A list of at least one entry, none twice. */
function some<T>(read: Read<T>): Read<readonly T[]> {
  const readList = list(read, 1, MAX_NAMES);
  return (value, field) => {
    const values = readList(value, field);
    const again = values.findIndex((one, index) => values.indexOf(one) < index);
    return again < 0 ? values : refuse(`${field}[${again}]`, values[again], "listed once");
  };
}

const plan: Read<Settings> = (value, field) => {
  within("data.plan", field, () => parseDataSpec({ dataset: "any", plan: value }));
  return Object.fromEntries(entries(value, field));
};

const groups: Read<unknown> = (value, field) => {
  within("data.split.groups", field, () => parseDataSpec({ dataset: "any", split: { groups: value } }));
  return value;
};

const readSourceFields = object({
  name: studyName,
  store: text,
  data: some(text),
  plan,
  groups,
  paper: word(PAPER_DATASETS.map(({ name }) => name)),
});

const readSource: Read<StudySource> = (value, field) => {
  const { name, ...source } = readSourceFields(value, field);
  if (source.store === undefined && source.data === undefined)
    refuse(`${field}.store`, undefined, "the folder of a store, or data the addresses of its data servers");
  if (source.store !== undefined && source.data !== undefined)
    refuse(`${field}.data`, source.data, "left out, since store is given");
  return { name: required(name, `${field}.name`, "a name"), ...source };
};

const readMethodFields = object({ name: studyName, data: anything, training: anything });

const readMethod: Read<StudyVariant> = (value, field) => {
  const mode = MODES.find((one) => one === value);
  if (mode !== undefined) return { name: mode, data: { mode }, training: {} };
  if (typeof value === "string") refuse(field, value, `one of ${quoted(MODES)}, or an object with a name and settings`);
  const { name, data, training } = readMethodFields(value, field);
  return {
    name: required(name, `${field}.name`, "a name"),
    data: parseDataSettings(data ?? {}, `${field}.data`, METHOD_DATA),
    training: parseTrainingSettings(training ?? {}, `${field}.training`, COMMON_TRAINING),
  };
};

const readPlans: Read<Readonly<Record<string, Settings>>> = (value, field) =>
  Object.fromEntries(entries(value, field).map(([dataset, one]) => [dataset, plan(one, `${field}.${dataset}`)]));

const readNetworkFields = object({ name: studyName, data: anything, training: anything, plans: readPlans });

const readNetwork: Read<StudyNetwork> = (value, field) => {
  const network = NETWORKS.find((one) => one === value);
  if (network !== undefined) return { name: network, data: {}, training: { network }, plans: {} };
  if (typeof value === "string")
    refuse(field, value, `one of ${quoted(NETWORKS)}, or an object with a name and settings`);
  const { name, data, training, plans = {} } = readNetworkFields(value, field);
  return {
    name: required(name, `${field}.name`, "a name"),
    data: parseDataSettings(data ?? {}, `${field}.data`, NETWORK_DATA),
    training: parseTrainingSettings(training ?? {}, `${field}.training`, NETWORK_TRAINING),
    plans,
  };
};

const axes = {
  strategies: some(word(STRATEGIES)),
  mirroring: some(truth),
  folds: some(integer(0, MAX_FOLD)),
  lengths: some(real(0, 100, "above")),
  seeds: some(integer(0, Number.MAX_SAFE_INTEGER)),
};

const readGridFields = object({ datasets: some(text), networks: some(text), methods: some(text), ...axes });

const readFields = object({
  datasets: list(readSource, 1, MAX_NAMES),
  networks: list(readNetwork, 1, MAX_NAMES),
  methods: list(readMethod, 1, MAX_NAMES),
  ...axes,
  grids: list(readGridFields, 1, MAX_NAMES),
  data: (value, field) => parseDataSettings(value, field, COMMON_DATA),
  training: (value, field) => parseTrainingSettings(value, field, COMMON_TRAINING),
  trainers: list(text, 0, MAX_NAMES),
  atOnce: integer(1, MAX_AT_ONCE),
});

/**
 * Reads a study. Throws SPEC_INVALID naming the field, its value and what would be right. Whether data sets, networks and methods go
 * together is seen when their runs are described.
 */
export function parseStudySpec(value: unknown): StudySpec {
  const fields = readFields(value, "study");
  const datasets = distinct(required(fields.datasets, "study.datasets", "a list of data sets"), "study.datasets");
  const methods = distinct(required(fields.methods, "study.methods", "a list of methods"), "study.methods");
  const networks = distinct(fields.networks ?? [readNetwork("plain-unet", "study.networks")], "study.networks");
  const { data = {}, training = {}, trainers = [], atOnce = 1 } = fields;
  const { folds = [0], lengths = [100], seeds = [1], strategies, mirroring } = fields;
  const whole: StudyGrid = {
    datasets: datasets.map(({ name }) => name),
    networks: networks.map(({ name }) => name),
    methods: methods.map(({ name }) => name),
    ...(strategies && { strategies }),
    ...(mirroring && { mirroring }),
    folds,
    lengths,
    seeds,
  };
  const grids = (fields.grids ?? [{}]).map((grid): StudyGrid => ({ ...whole, ...grid }));
  for (const [index, grid] of grids.entries()) checkGrid(grid, fields.grids ? `study.grids[${index}]` : "study", whole);
  const foldCount = foldsOf(data);
  for (const [index, grid] of grids.entries()) {
    const wrong = grid.folds.findIndex((fold) => fold >= foldCount);
    const field = fields.grids?.[index]?.folds === undefined ? "study.folds" : `study.grids[${index}].folds`;
    if (wrong >= 0)
      refuse(`${field}[${wrong}]`, grid.folds[wrong], `0 to ${foldCount - 1}, since data.split has ${foldCount} folds`);
  }
  for (const [index, { plans }] of networks.entries()) {
    const unknown = Object.keys(plans).find((dataset) => !whole.datasets.includes(dataset));
    if (unknown !== undefined)
      refuse(`study.networks[${index}].plans.${unknown}`, plans[unknown], `for one of ${quoted(whole.datasets)}`);
  }
  return { datasets, networks, methods, grids, data, training, trainers, atOnce };
}

function checkGrid(grid: StudyGrid, field: string, whole: StudyGrid): void {
  for (const axis of ["datasets", "networks", "methods"] as const) {
    const unknown = grid[axis].findIndex((name) => !whole[axis].includes(name));
    if (unknown >= 0) refuse(`${field}.${axis}[${unknown}]`, grid[axis][unknown], `one of ${quoted(whole[axis])}`);
  }
}

function distinct<Named extends { readonly name: string }>(all: readonly Named[], field: string): readonly Named[] {
  const again = all.findIndex(({ name }, index) => all.findIndex((one) => one.name === name) < index);
  return again < 0 ? all : refuse(`${field}[${again}].name`, all[again]?.name, "a name that no other one has");
}

function quoted(words: readonly string[]): string {
  return words.map((one) => JSON.stringify(one)).join(", ");
}
