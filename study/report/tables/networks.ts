import { TABLE_D8 } from "../../paper/further-tables.js";
import { PLAIN } from "../../paper/paper-score.js";
import type { StudyDataset } from "../../run-result.js";
import { methodDeviation } from "../../statistics/method-deviation.js";
import { type Score, scoreOf } from "../score.js";
import { type Cell, missing, type Part, type Table, withoutEmptyColumns } from "../table.js";
import { type Arm, mainArm, runsOf, type View } from "../view.js";
import { AS_TABLE_1, type ScoreRow, scoreTable } from "./score-rows.js";

/** nnU-Net's residual encoders. */
function isResidual(network: string): boolean {
  return network.startsWith("resenc") || network.startsWith("residual");
}

/** The plain U-Net beside other kinds of network. */
export function table3(view: View): Part<Table> {
  const title = "Table 3: other networks";
  const networks = view.networks.filter((network) => !isResidual(network));
  return (
    networksTable(view, { id: "table-3", title }, networks) ??
    missing(title, "runs of two networks that are not both residual U-Nets, on one data set at one length")
  );
}

/** The plain U-Net beside nnU-Net's residual ones. */
export function tableD7(view: View): Part<Table> {
  const title = "Table D.7: larger U-Nets";
  const networks = view.networks.filter((network) => network === PLAIN || isResidual(network));
  return (
    networksTable(view, { id: "table-d7", title }, networks) ??
    missing(title, "runs of two U-Nets, such as plain-unet and resenc-l, on one data set at one length")
  );
}

/** Undefined where no data set has two of the networks at one length. */
function networksTable(
  view: View,
  { id, title }: Pick<Table, "id" | "title">,
  networks: readonly string[],
): Part<Table> | undefined {
  const lengths = view.datasets.map((dataset) => [dataset, commonLength(view, dataset, networks)] as const);
  const rows = lengths.flatMap(([dataset, length]) =>
    length === undefined
      ? []
      : networks.flatMap((network) =>
          view.methods.flatMap((method) => rowOf(view, dataset, { network, method, length }) ?? []),
        ),
  );
  if (rows.length === 0) return undefined;
  const shown = [...new Set(rows.map(({ length }) => length))].join(", ");
  const notes = [
    `Length ${shown} %, the longest that two of the networks have. Relative figures are of constant patches with the same network, not of the plain U-Net.`,
  ];
  return { shown: scoreTable(view, { id, title, about: AS_TABLE_1, labels: ["network"], notes }, rows) };
}

/** The longest training at which a data set has runs of two of the networks. */
function commonLength(view: View, dataset: StudyDataset, networks: readonly string[]): number | undefined {
  return view.lengths.findLast((length) => {
    const trained = networks.filter((network) => runsOf(view, { dataset: dataset.name, network, length }).length > 0);
    return trained.length > 1;
  });
}

function rowOf(
  view: View,
  dataset: StudyDataset,
  of: Pick<Arm, "method" | "network"> & { readonly length: number },
): ScoreRow | undefined {
  const arm = mainArm(view, dataset, of);
  return arm && { dataset, arm, length: of.length };
}

/** How well networks can be told apart by each method: the spread of their means beside that of their folds. */
export function tableD8(view: View): Part<Table> {
  const title = "Table D.8: deviation between networks and within one";
  const rows = view.datasets.flatMap((dataset) =>
    view.methods.flatMap((method) => deviationRow(view, dataset, method) ?? []),
  );
  if (rows.length === 0) return missing(title, "two networks with the same method, each with two folds or more");
  return {
    shown: withoutEmptyColumns({
      id: "table-d8",
      title,
      about:
        "Intra is the mean over networks of the deviation over folds; inter the deviation of the networks' means; all population deviations, of Dice. " +
        "A high ratio says that networks differ by more than their folds do.",
      columns: [
        { title: "data set" },
        { title: "method" },
        { title: "networks" },
        { title: "folds" },
        { title: "intra", unit: "points", digits: 3 },
        { title: "inter", unit: "points", digits: 3 },
        { title: "inter / intra", unit: "%", digits: 1 },
        { title: "paper: intra", unit: "points", digits: 3 },
        { title: "paper: inter", unit: "points", digits: 3 },
        { title: "paper: inter / intra", unit: "%", digits: 1 },
      ],
      rows,
      notes: rows.some(([, , , , , , , printed]) => printed !== null)
        ? [
            "The paper's are of four networks and five folds. What it prints as BTCV's inter is ten times what its Table D.7 gives.",
          ]
        : [],
    }),
  };
}

function deviationRow(view: View, dataset: StudyDataset, method: string): Cell[][] | undefined {
  const length = commonLength(view, dataset, view.networks);
  if (length === undefined) return undefined;
  const scores = view.networks
    .map((network) => rowOf(view, dataset, { network, method, length }))
    .filter((row) => row !== undefined)
    .map(({ arm }): Score => scoreOf(runsOf(view, { dataset: dataset.name, length, ...arm })))
    .filter(({ folds }) => folds > 1);
  if (scores.length < 2) return undefined;
  const { inter, intra, ratio } = methodDeviation(
    scores.map(({ dice }) => 100 * dice),
    scores.map(({ deviation }) => 100 * deviation),
  );
  const printed = TABLE_D8.find((line) => line.dataset === dataset.paper && line.method === method);
  const folds = [...new Set(scores.map((score) => score.folds))].sort((a, b) => a - b).join(", ");
  const paper = [printed?.intra ?? null, printed?.inter ?? null, printed?.ratioPercent ?? null];
  return [[dataset.name, method, scores.length, folds, intra, inter, 100 * ratio, ...paper]];
}
