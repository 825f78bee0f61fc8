import { refuse } from "../../../plan/errors.js";
import type { LabelRegion, LabelSet } from "../../../plan/label-set.js";
import { entries, integer, list } from "../../../plan/run-spec/read.js";

const LARGEST_LABEL = 32767;
/** The name that makes a label nnU-Net's ignore label (nnunetv2, LabelManager). */
const IGNORE = "ignore";

/** A name of dataset.json's `labels` and the source values that it stands for, ascending. */
interface NamedValues {
  readonly name: string;
  readonly values: readonly number[];
}

/** What dataset.json says of its labels, and how many names it has. */
export interface ParsedLabels extends LabelSet {
  /** Names in `labels`, the background and the ignore label included. */
  readonly labelCount: number;
}

/**
 * Reads `labels`: name to value (nnU-Net v2), value to name (MSD, nnU-Net v1), or with lists of values, regions, whose order
 * is `regions_class_order`. The label named `ignore` must have the largest value, as in nnU-Net. Throws SPEC_INVALID naming the field.
 */
export function parseLabels(value: unknown, classOrder: unknown): ParsedLabels {
  const field = "dataset.json: labels";
  const given = entries(value, field);
  const byValue = given.every(([key, label]) => /^\d+$/.test(key) && typeof label === "string");
  const named = given.map(([key, label]): NamedValues => {
    if (byValue) return { name: label as string, values: [parseValue(Number(key), field)] };
    return { name: key, values: parseValues(label, `${field}.${key}`) };
  });
  const sourceValues = [...new Set(named.flatMap(({ values }) => values))].sort((a, b) => a - b);
  const ignore = named.find(({ name }) => name === IGNORE);
  const learnt = named.filter((one) => one !== ignore);
  checkNames(learnt, value, field);
  if (!learnt.some(({ values }) => isBackground(values))) refuse(field, value, "complete with a background of 0");
  if (learnt.length < 2) refuse(field, value, "complete with at least one foreground class");
  if (ignore !== undefined) checkIgnore(ignore, learnt, `${field}.${IGNORE}`);
  const stored = (source: number) => sourceValues.indexOf(source);
  const regions = parseRegions(learnt, classOrder, { sourceValues, stored });
  return {
    labels: regions === undefined ? singleLabels(learnt, stored) : everyLabel(named, sourceValues, ignore),
    sourceValues,
    classes:
      regions?.map((_, index) => index + 1) ??
      learnt.flatMap(({ values }) => values.map(stored).filter(Boolean)).sort(byNumber),
    ...(regions && { regions }),
    ...(ignore && { ignoreLabel: sourceValues.length - 1 }),
    labelCount: named.length,
  };
}

const parseValue = integer(0, LARGEST_LABEL);
const parseList = list(parseValue, 1, LARGEST_LABEL);

function parseValues(value: unknown, field: string): number[] {
  const values = Array.isArray(value) ? parseList(value, field) : [parseValue(value, field)];
  return [...new Set(values)].sort(byNumber);
}

function byNumber(a: number, b: number): number {
  return a - b;
}

function isBackground(values: readonly number[]): boolean {
  return values.length === 1 && values[0] === 0;
}

function checkNames(learnt: readonly NamedValues[], given: unknown, field: string): void {
  for (const [index, { name, values }] of learnt.entries()) {
    const before = learnt.slice(0, index);
    const twin = before.find((one) => one.values.join() === values.join());
    if (twin !== undefined)
      refuse(field, given, `without two names for ${values.join(",")} ("${twin.name}" and "${name}")`);
    const namesake = before.find((one) => one.name === name);
    if (namesake !== undefined)
      refuse(field, given, `without one name, "${name}", for ${namesake.values.join()} and ${values.join()}`);
  }
}

function checkIgnore({ values }: NamedValues, learnt: readonly NamedValues[], field: string): void {
  const largest = Math.max(...learnt.flatMap((one) => one.values));
  const [value] = values;
  if (values.length > 1 || (value as number) <= largest)
    refuse(field, values.length > 1 ? values : value, `one value above all others, at least ${largest + 1}`);
}

/** Undefined where no name stands for several values. */
function parseRegions(
  learnt: readonly NamedValues[],
  classOrder: unknown,
  { sourceValues, stored }: { readonly sourceValues: readonly number[]; readonly stored: (source: number) => number },
): LabelRegion[] | undefined {
  if (learnt.every(({ values }) => values.length === 1)) return undefined;
  const regions = learnt.filter(({ values }) => !isBackground(values));
  const field = "dataset.json: regions_class_order";
  const want = `a list of ${regions.length} label values, one for each region, in their order`;
  if (!Array.isArray(classOrder) || classOrder.length !== regions.length) refuse(field, classOrder, want);
  const order = list(parseValue, regions.length, regions.length)(classOrder, field);
  const unknown = order.find((value) => !sourceValues.includes(value));
  if (unknown !== undefined) refuse(field, unknown, `one of ${sourceValues.join(", ")}, the values of labels`);
  return regions.map(({ name, values }, index) => ({
    name,
    values: values.map(stored),
    exportValue: order[index] as number,
  }));
}

function singleLabels(learnt: readonly NamedValues[], stored: (source: number) => number): Record<string, number> {
  return Object.fromEntries(learnt.map(({ name, values: [value] }) => [name, stored(value as number)]));
}

/** A name for each value of regions: its own, or one of ours for a value that occurs in larger regions only. */
function everyLabel(
  named: readonly NamedValues[],
  sourceValues: readonly number[],
  ignore: NamedValues | undefined,
): Record<string, number> {
  const own = new Map(named.flatMap(({ name, values }) => (values.length === 1 ? [[values[0], name] as const] : [])));
  const kept = sourceValues.filter((value) => !ignore?.values.includes(value));
  const taken = new Set(named.map(({ name }) => name));
  return Object.fromEntries(kept.map((value, index) => [own.get(value) ?? nameOf(value, taken), index]));
}

/** `label N`, with underscores behind it where dataset.json has that name for something else. */
function nameOf(value: number, taken: ReadonlySet<string>): string {
  let name = `label ${value}`;
  while (taken.has(name)) name += "_";
  return name;
}
