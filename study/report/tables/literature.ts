import { TABLE_C6 } from "../../paper/further-tables.js";
import { scoreOf } from "../score.js";
import { missing, type Part, type Table } from "../table.js";
import { runsOf, type View } from "../view.js";
import { mainRows } from "./main-rows.js";

/** This study's best method beside what others published for constant patches. */
export function tableC6(view: View): Part<Table> {
  const title = "Table C.6: the literature";
  const rows = TABLE_C6.flatMap(({ dataset, source, dicePercent }) => {
    const scores = mainRows(view, view.methods)
      .filter((row) => row.dataset.paper === dataset)
      .map(({ arm, length, ...row }) => ({
        method: arm.method,
        ...scoreOf(runsOf(view, { dataset: row.dataset.name, length, ...arm })),
      }));
    const best = scores.reduce<(typeof scores)[number] | undefined>(
      (highest, score) => (highest === undefined || score.dice > highest.dice ? score : highest),
      undefined,
    );
    return best === undefined ? [] : [[dataset, source, dicePercent, best.method, 100 * best.dice, best.runs]];
  });
  if (rows.length === 0)
    return missing(
      title,
      `runs on ${[...new Set(TABLE_C6.map(({ dataset }) => dataset))].join(", ")}: of no other data set are published figures at hand`,
    );
  return {
    shown: {
      id: "table-c6",
      title,
      about: "Published Dice of constant patches, as the paper gives it, beside the best method here.",
      columns: [
        { title: "data set" },
        { title: "published by" },
        { title: "published Dice", unit: "%", digits: 2 },
        { title: "best method here" },
        { title: "its Dice", unit: "%", digits: 2 },
        { title: "runs" },
      ],
      rows,
      notes: ["Only the two figures are at hand that the paper's Performance does not surpass."],
    },
  };
}
