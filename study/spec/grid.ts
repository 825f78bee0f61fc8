import { PatchstreamError, refuse } from "../../plan/errors.js";
import { type DataSpec, MODE_DEFAULTS, parseDataSpec, parseRunDocument } from "../../plan/index.js";
import { parseTrainingSpec } from "../../trainer/index.js";
import type { StudyPoint } from "../run-result.js";
import type { Settings, StudyGrid, StudySpec, StudyVariant } from "./study-spec.js";

/** nnU-Net's steps an epoch. */
const STEPS_PER_EPOCH = 250;

/** A run of a study: its point, its name, and its run spec but for the store's own name of the data set. */
export interface StudyRun {
  readonly point: StudyPoint;
  /** Its folder's, unlike that of any other run of the study. */
  readonly name: string;
  readonly data: Settings;
  readonly training: Settings;
}

/** A point in a folder's name: no two points have the same, and a person can read it. */
export function pointName(point: StudyPoint): string {
  const { dataset, network, method, strategy, mirroring, fold, length, seed } = point;
  const mirror = mirroring ? "mirrored" : "unmirrored";
  return [dataset, network, method, strategy, mirror, `fold${fold}`, `length${length}`, `seed${seed}`].join("+");
}

/**
 * The runs of a study, each once, in the order of its grids; runs on the same batches (they differ in their network alone) follow each other.
 * Throws SPEC_INVALID for a combination that is none, naming the field and what it is of.
 */
export function runsOf(spec: StudySpec): readonly StudyRun[] {
  const runs = new Map<string, StudyRun>();
  for (const grid of spec.grids)
    for (const run of runsOfGrid(spec, grid)) if (!runs.has(run.name)) runs.set(run.name, run);
  return [...runs.values()];
}

function* runsOfGrid(spec: StudySpec, grid: StudyGrid): Generator<StudyRun> {
  for (const seed of grid.seeds)
    for (const fold of grid.folds)
      for (const length of grid.lengths)
        for (const dataset of grid.datasets)
          for (const method of grid.methods)
            for (const strategy of grid.strategies ?? [undefined])
              for (const mirroring of grid.mirroring ?? [undefined])
                for (const network of grid.networks)
                  yield runOf(spec, { dataset, network, method, strategy, mirroring, fold, length, seed });
}

/** A point with what its grid leaves to the method. */
type Wanted = Omit<StudyPoint, "strategy" | "mirroring"> & {
  readonly strategy: string | undefined;
  readonly mirroring: boolean | undefined;
};

function named<Named extends { readonly name: string }>(all: readonly Named[], name: string): Named {
  const found = all.find((one) => one.name === name);
  if (found === undefined)
    throw new PatchstreamError({
      code: "NOT_FOUND",
      what: "part of the study",
      name,
      known: all.map((one) => one.name),
    });
  return found;
}

function runOf(spec: StudySpec, wanted: Wanted): StudyRun {
  const source = named(spec.datasets, wanted.dataset);
  const network = named(spec.networks, wanted.network);
  const method: StudyVariant = named(spec.methods, wanted.method);
  const plan = network.plans[source.name] ?? source.plan;
  const merged: Settings = { ...spec.data, ...(plan && { plan }), ...network.data, ...method.data };
  const where = combinationOf(wanted);
  const own = parseIn(where, () => parseDataSpec({ dataset: source.name, ...merged }));
  const strategy = wanted.strategy ?? ownStrategy(own);
  const { mirroring, augmentation } = mirrored(own, merged, wanted.mirroring, where);
  const { stepsPerEpoch = STEPS_PER_EPOCH } = own;
  const data: Settings = {
    dataset: source.name,
    ...merged,
    split: {
      ...(spec.data.split as Settings | undefined),
      fold: wanted.fold,
      ...(source.groups !== undefined && { groups: source.groups }),
    },
    strategy,
    ...(augmentation !== undefined && { augmentation }),
    stepsPerEpoch: (stepsPerEpoch * wanted.length) / 100,
    seed: wanted.seed,
  };
  const training: Settings = { ...spec.training, ...network.training, ...method.training, seed: wanted.seed };
  parseIn(where, () => {
    parseRunDocument({ data });
    parseTrainingSpec(training);
  });
  const point: StudyPoint = { ...wanted, strategy, mirroring };
  return { point, name: pointName(point), data, training };
}

function ownStrategy({ strategy, stages, mode = "constant" }: DataSpec): string {
  return strategy ?? MODE_DEFAULTS[stages === undefined ? mode : "constant"].strategy;
}

/** Whether a run mirrors, and its augmentation where that has to change for it. */
function mirrored(own: DataSpec, merged: Settings, wanted: boolean | undefined, where: string) {
  const transforms = own.augmentation ?? parseDataSpec({ dataset: "any", augmentation: "nnunet" }).augmentation ?? [];
  const mirrors = transforms.some(({ kind }) => kind === "mirror");
  if (wanted === true && !mirrors)
    refuse(`mirroring ${where}`, true, "false, or left out, since its augmentation does not mirror");
  if (wanted !== false || !mirrors) return { mirroring: mirrors };
  const isUsual = merged.augmentation === undefined || merged.augmentation === "nnunet";
  const without = transforms.filter(({ kind }) => kind !== "mirror");
  return { mirroring: false, augmentation: isUsual ? "nnunet-nomirror" : without };
}

/** What a refused field is of, in words. */
export function combinationOf({
  dataset,
  network,
  method,
}: Pick<StudyPoint, "dataset" | "network" | "method">): string {
  return `(data set ${dataset}, network ${network}, method ${method})`;
}

/** Runs `read`; a field that it refuses is said with the combination that it is of. */
function parseIn<Value>(where: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw inCombination(where, error);
  }
}

/** `error`, said with the combination that it is of. */
export function inCombination(where: string, error: unknown): unknown {
  if (!(error instanceof PatchstreamError) || error.facts.code !== "SPEC_INVALID") return error;
  return new PatchstreamError({ ...error.facts, field: `${error.facts.field} ${where}` }, error.hint, { cause: error });
}
