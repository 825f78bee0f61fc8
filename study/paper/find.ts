import { TABLE_2, TABLE_3, TABLE_A4, TABLE_B5, TABLE_D7, TABLE_D9 } from "./further-tables.js";
import type { PaperScore } from "./paper-score.js";
import { TABLE_1 } from "./table-1.js";

const SCORES = [TABLE_1, TABLE_2, TABLE_3, TABLE_A4, TABLE_B5, TABLE_D7, TABLE_D9].flat();

/** Networks that the paper trains, by the names of its tables. */
export const PAPER_NETWORKS: ReadonlySet<string> = new Set(SCORES.map(({ network }) => network));

/** What the paper prints of a training; of several tables that print it, the first. */
export function paperScore(of: {
  /** Name of the data set in the paper; undefined where it is none of its 15. */
  readonly dataset: string | undefined;
  readonly network: string;
  readonly method: string;
  readonly strategy: string;
  readonly mirroring: boolean;
}): PaperScore | undefined {
  const fields = ["dataset", "network", "method", "strategy", "mirroring"] as const;
  return SCORES.find((score) => fields.every((field) => score[field] === of[field]));
}
