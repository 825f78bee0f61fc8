import { TABLE_D9_TOGETHER } from "../../paper/further-tables.js";
import { missing, type Part, type Table } from "../table.js";
import { BASELINE, type View } from "../view.js";
import { mainRows } from "./main-rows.js";
import { AS_TABLE_1, scoreTable } from "./score-rows.js";
import { averagesTable } from "./table-1.js";

const CURRICULA_2024 = ["pgps", "pgps-plus", "rpss"];

/** Patches that grow, or patches of full size whose resolution grows. */
export function table2(view: View): Part<Table> {
  const title = "Table 2: growing patches or growing resolution";
  const methods = ["progressive-resolution", "efficiency"];
  if (!methods.every((method) => view.methods.includes(method)))
    return missing(title, `runs of ${methods.join(" and ")}`);
  const rows = mainRows(view, [BASELINE, ...methods]);
  return { shown: scoreTable(view, { id: "table-2", title, about: AS_TABLE_1, labels: [], notes: [] }, rows) };
}

/** This paper's curricula beside those of MICCAI 2024. */
export function tableD9(view: View): Part<Table>[] {
  const title = "Table D.9: this paper's curricula and those of 2024";
  const older = view.methods.filter((method) => CURRICULA_2024.includes(method));
  if (older.length === 0) return [missing(title, "runs of pgps, pgps-plus or rpss")];
  const methods = view.methods.filter((method) => ["efficiency", "performance", ...older].includes(method));
  const rows = mainRows(view, [BASELINE, ...methods]);
  const averages = averagesTable(view, {
    id: "table-d9-averages",
    title: "Table D.9, averages",
    about: "As the averages of Table 1. The paper's are over the ten tasks of the Medical Segmentation Decathlon.",
    methods,
    printed: TABLE_D9_TOGETHER,
  });
  const notes = older.includes("rpss") ? ["The paper has no figures of rpss: it is in the code of 2024 only."] : [];
  return [
    { shown: scoreTable(view, { id: "table-d9", title, about: AS_TABLE_1, labels: [], notes }, rows) },
    ...(averages.rows.length > 0 ? [{ shown: averages }] : []),
  ];
}
