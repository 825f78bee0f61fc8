import { MODE_DEFAULTS, MODES } from "../../plan/index.js";
import { PLAIN, WITHOUT_MIRRORING } from "../paper/paper-score.js";
import type { RunResult, StudyDataset, StudyPoint } from "../run-result.js";
import type { Study } from "./read-study.js";

/** The method that all others are held against: patches of one size, nnU-Net's own (the paper's CPS). */
export const BASELINE = "constant";

/** What is compared within a data set and a training length: a point without its repeats. */
export type Arm = Pick<StudyPoint, "network" | "method" | "strategy" | "mirroring">;

/** The study as the report looks at it. */
export interface View {
  readonly study: Study;
  /** Data sets that have runs. */
  readonly datasets: readonly StudyDataset[];
  /** The baseline, then the paper's methods in its order, then the study's own by name. */
  readonly methods: readonly string[];
  /** The plain U-Net where it was trained, else the network with most runs, then the others by name. */
  readonly networks: readonly string[];
  /** Percent, ascending. */
  readonly lengths: readonly number[];
  /** The longest of them. */
  readonly fullLength: number;
}

/** Names in the order of `known`, then the others by name. */
function inKnownOrder(names: Iterable<string>, known: readonly string[]): string[] {
  const place = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
  return [...new Set(names)].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

export function viewStudy(study: Study): View {
  const points = study.runs.map(({ point }) => point);
  const lengths = [...new Set(points.map(({ length }) => length))].sort((a, b) => a - b);
  const known = new Map(study.datasets.map((dataset) => [dataset.name, dataset]));
  const named = new Set(points.map(({ dataset }) => dataset));
  const counts = countBy(points.map(({ network }) => network));
  const most = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([network]) => network);
  return {
    study,
    datasets: [...known.values()].filter(({ name }) => named.has(name)),
    methods: inKnownOrder(
      points.map(({ method }) => method),
      MODES,
    ),
    networks: inKnownOrder(counts.keys(), counts.has(PLAIN) ? [PLAIN] : most.slice(0, 1)),
    lengths,
    fullLength: lengths.at(-1) ?? 100,
  };
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

const FIELDS = ["dataset", "network", "method", "strategy", "mirroring", "fold", "length", "seed"] as const;

/** Runs whose point has all of these values. */
export function runsOf({ study }: View, wanted: Partial<StudyPoint>): RunResult[] {
  const fields = FIELDS.filter((field) => wanted[field] !== undefined);
  return study.runs.filter(({ point }) => fields.every((field) => point[field] === wanted[field]));
}

/** The arms of a data set at a length that have some of these values, in the order of methods and networks. */
export function armsOf(view: View, wanted: Partial<StudyPoint>): Arm[] {
  const arms = new Map<string, Arm>();
  for (const { point } of runsOf(view, wanted)) {
    const { network, method, strategy, mirroring } = point;
    arms.set(armKey(point), { network, method, strategy, mirroring });
  }
  const order = ({ network, method }: Arm) =>
    view.networks.indexOf(network) * view.methods.length + view.methods.indexOf(method);
  return [...arms.values()].sort(
    (a, b) => order(a) - order(b) || Number(b.mirroring) - Number(a.mirroring) || (a.strategy < b.strategy ? -1 : 1),
  );
}

function armKey({ network, method, strategy, mirroring }: Arm): string {
  return JSON.stringify([network, method, strategy, mirroring]);
}

/** The strategy that a method has by itself; undefined of the study's own methods. */
export function ownStrategy(method: string): string | undefined {
  const mode = MODES.find((known) => known === method);
  return mode && MODE_DEFAULTS[mode].strategy;
}

/**
 * The arm that stands for a method on a data set, of a network at a length: with the method's own strategy where that was trained, and
 * mirrored as the paper does; else the one with most runs. Undefined where the method has no run there.
 */
export function mainArm(
  view: View,
  dataset: StudyDataset,
  of: Pick<StudyPoint, "method" | "network" | "length">,
): Arm | undefined {
  const wanted = { dataset: dataset.name, ...of };
  const mirrors = !WITHOUT_MIRRORING.includes(dataset.paper ?? "");
  const rank = (arm: Arm) => [
    Number(arm.strategy === ownStrategy(of.method)),
    runsOf(view, { ...wanted, ...arm }).length,
    Number(arm.mirroring === mirrors),
  ];
  return armsOf(view, wanted).reduce<Arm | undefined>(
    (best, arm) => (best === undefined || isAbove(rank(arm), rank(best)) ? arm : best),
    undefined,
  );
}

function isAbove(a: readonly number[], b: readonly number[]): boolean {
  const differs = a.findIndex((value, i) => value !== b[i]);
  return differs >= 0 && (a[differs] ?? 0) > (b[differs] ?? 0);
}

/** What an arm is held against: constant patches with the same network and mirroring, on the same data set. */
export function baselineOf(view: View, dataset: StudyDataset, { network, mirroring }: Arm): Arm | undefined {
  const wanted = { dataset: dataset.name, method: BASELINE, network, mirroring };
  const arms = armsOf(view, wanted);
  return arms.find(({ strategy }) => strategy === ownStrategy(BASELINE)) ?? arms[0];
}
