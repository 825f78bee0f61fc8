import type { Cell, Table } from "../table.js";
import type { View } from "../view.js";

/** What a gain may depend on, of each data set. */
export function datasetsTable(view: View): Table {
  return {
    id: "datasets",
    title: "Data sets",
    about:
      "Coverage is the plan's patch as a share of the median volume; the smallest class frequency the smallest share of all voxels that a foreground class has.",
    columns: [
      { title: "data set" },
      { title: "in the paper" },
      { title: "cases" },
      { title: "classes" },
      { title: "patch-to-volume coverage", unit: "%", digits: 1 },
      { title: "smallest class frequency", unit: "%", digits: 4 },
    ],
    rows: view.datasets.map(({ name, paper, cases, classes, patchCoverage, smallestClassShare }): Cell[] => [
      name,
      paper ?? "no",
      cases,
      classes.length,
      100 * patchCoverage,
      100 * smallestClassShare,
    ]),
    notes: [],
  };
}
