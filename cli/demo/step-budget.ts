import { PatchstreamError } from "../../plan/index.js";

/** Seconds of a step of a stage, waiting included. */
export interface StageCost {
  /** The first one: with what the engine prepares for the stage's patch. */
  readonly first: number;
  /** Each one after it. */
  readonly next: number;
}

/** What a stage costs, from the seconds of its steps in their order: two or more. */
export function stageCost(seconds: readonly number[]): StageCost {
  const [first = 0, ...later] = seconds;
  const sorted = [...later].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const next = ((sorted[Math.ceil(middle) - 1] ?? first) + (sorted[Math.floor(middle)] ?? first)) / 2;
  return { first, next };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
/** What the first steps of all stages cost more than others. */
const once = (costs: readonly StageCost[]) => sum(costs.map(({ first, next }) => first - next));
/** One step of each stage. */
const round = (costs: readonly StageCost[]) => sum(costs.map(({ next }) => next));

/** Seconds of `steps` steps that are spread evenly over stages of these costs, at least one step each. */
export function secondsOf(steps: number, costs: readonly StageCost[]): number {
  return once(costs) + (steps * round(costs)) / costs.length;
}

/** How many steps, spread evenly over stages of these costs, take `seconds`: rarely a whole number. */
function stepsOf(seconds: number, costs: readonly StageCost[]): number {
  return ((seconds - once(costs)) * costs.length) / round(costs);
}

/** The most whole steps within `seconds`. Throws REQUEST_INVALID where a step for each stage takes longer. */
export function stepsWithin(seconds: number, costs: readonly StageCost[]): number {
  const steps = Math.floor(stepsOf(seconds, costs));
  if (steps >= costs.length) return steps;
  const least = Math.ceil(secondsOf(costs.length, costs));
  const want = `at least ${least} here, for one step of each of the ${costs.length} stages`;
  throw new PatchstreamError({ code: "REQUEST_INVALID", field: "--seconds", got: seconds, want });
}

/** The fewest whole steps that take at least `seconds`. */
export function stepsFilling(seconds: number, costs: readonly StageCost[]): number {
  return Math.max(costs.length, Math.ceil(stepsOf(seconds, costs)));
}

/** `stepsPerEpoch` of a run of fewer than 1000 epochs that has `steps` in all: half a step more, which its total rounds down again. */
export function stepsPerEpoch(steps: number, epochs: number): number {
  return Math.round((1000 * (steps + 0.5)) / epochs) / 1000;
}
