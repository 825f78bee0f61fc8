import type { View } from "./view.js";

/** What was compared and with what budget: a few lines, first in the report. */
export function summaryOf(view: View): string[] {
  const { runs, planned } = view.study;
  const datasets = view.datasets.map(
    ({ name, cases, classes }) => `${name} (${counted(cases, "case")}, ${counted(classes.length, "class", "classes")})`,
  );
  const folds = distinct(runs.map(({ point }) => point.fold));
  const seeds = distinct(runs.map(({ point }) => point.seed));
  const diverged = runs.filter(({ outcome }) => outcome === "diverged");
  const steps = runs.map(({ stages }) => stages.reduce((sum, stage) => sum + stage.steps, 0));
  const hours = runs.reduce((sum, { trainingSeconds }) => sum + trainingSeconds, 0) / 3600;
  const lines = [
    `Compared: ${view.methods.join(", ")} on ${datasets.join(", ")}; ${counted(view.networks.length, "network")} (${view.networks.join(", ")}), ${counted(folds.length, "fold")}, ${counted(seeds.length, "seed")}, ${counted(view.lengths.length, "training length")} (${view.lengths.join(", ")} %).`,
    `Budget: ${runs.length < planned ? `${runs.length} of ${counted(planned, "run")} so far, each` : counted(runs.length, "run")} of ${rangeText(steps)} optimiser steps, ${hoursText(hours)} of training in all, by ${distinct(runs.map(({ engine }) => engine)).join(", ")}.`,
  ];
  if (diverged.length === 0) return lines;
  const names = distinct(diverged.map(({ point }) => `${point.method} with ${point.network} on ${point.dataset}`));
  return [...lines, `${counted(diverged.length, "run")} diverged and count as Dice 0: ${names.join("; ")}.`];
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function rangeText(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? `${low}` : `${low} to ${high}`;
}

function hoursText(hours: number): string {
  return hours < 1 ? `${(60 * hours).toFixed(1)} minutes` : `${hours.toFixed(1)} hours`;
}
