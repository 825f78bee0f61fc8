import { missing, type Part, type Table } from "../table.js";
import { armsOf, BASELINE, mainArm, type View } from "../view.js";
import { AS_TABLE_1, type ScoreRow, scoreTable } from "./score-rows.js";

/** Ways to build a batch of the same curriculum: arms that differ from another in their strategy only, and constant patches. */
export function tableA4(view: View): Part<Table> {
  const title = "Table A.4: batch strategies";
  const rows = rowsThatDiffer(view, "strategy");
  if (rows.length === 0)
    return missing(title, "a method with two batch strategies, such as split-crop and single-crop");
  const labels = ["strategy"] as const;
  return { shown: scoreTable(view, { id: "table-a4", title, about: AS_TABLE_1, labels, notes: [] }, rows) };
}

/** Mirroring on and off. */
export function tableB5(view: View): Part<Table> {
  const title = "Table B.5: mirroring";
  const rows = rowsThatDiffer(view, "mirroring");
  if (rows.length === 0) return missing(title, "a method with mirroring and without");
  const notes = ["Relative figures are of constant patches with the same mirroring."];
  return {
    shown: scoreTable(view, { id: "table-b5", title, about: AS_TABLE_1, labels: ["mirroring"], notes }, rows),
  };
}

/** Rows of the first network of every method that has at least two values of `field`; for strategies, constant patches beside them. */
export function rowsThatDiffer(view: View, field: "strategy" | "mirroring", length = view.fullLength): ScoreRow[] {
  const network = view.networks[0] ?? "";
  return view.datasets.flatMap((dataset) => {
    const rows = view.methods.flatMap((method) => {
      const main = mainArm(view, dataset, { method, network, length });
      if (main === undefined) return [];
      const other = field === "strategy" ? "mirroring" : "strategy";
      const arms = armsOf(view, { dataset: dataset.name, method, network, length, [other]: main[other] });
      return arms.length < 2 ? [] : arms.map((arm) => ({ dataset, arm, length }));
    });
    if (rows.length === 0 || field === "mirroring" || rows.some(({ arm }) => arm.method === BASELINE)) return rows;
    const baseline = mainArm(view, dataset, { method: BASELINE, network, length });
    return baseline === undefined ? rows : [{ dataset, arm: baseline, length }, ...rows];
  });
}
