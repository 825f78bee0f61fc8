import { mainArm, type View } from "../view.js";
import type { ScoreRow } from "./score-rows.js";

/** The methods' own arms on every data set, with the study's first network, at the longest training unless said otherwise. */
export function mainRows(view: View, methods: readonly string[], length = view.fullLength): ScoreRow[] {
  const network = view.networks[0] ?? "";
  return view.datasets.flatMap((dataset) =>
    methods.flatMap((method) => {
      const arm = mainArm(view, dataset, { method, network, length });
      return arm === undefined ? [] : [{ dataset, arm, length }];
    }),
  );
}
