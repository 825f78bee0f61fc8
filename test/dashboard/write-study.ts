import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeReport } from "../../study/index.js";
import { runsOf } from "../../study/spec/grid.js";
import { parseStudySpec } from "../../study/spec/parse-study.js";
import { datasetOf, madeRun } from "../study/made-runs.js";
import { writeLongTraining } from "./write-long-training.js";

const DOCUMENT = {
  datasets: [{ name: "made", store: "store" }],
  methods: ["constant", "efficiency", "performance", "rpss"],
  folds: [0, 1],
};

/** A study of eight runs in the midst of its way: five done, one that diverged, one that is trained and one that waits; with the report until now. */
export async function writeStudy(folder: string): Promise<void> {
  const write = (parts: readonly string[], value: unknown) => {
    mkdirSync(join(folder, ...parts, ".."), { recursive: true });
    writeFileSync(join(folder, ...parts), JSON.stringify(value));
  };
  write(["study.json"], DOCUMENT);
  write(["datasets.json"], [datasetOf("made")]);
  for (const [index, { name, point }] of runsOf(parseStudySpec(DOCUMENT)).entries()) {
    if (index < 7) write(["runs", name, "training.json"], { trainer: "own", training: `t${index}` });
    if (index < 6)
      write(["runs", name, "result.json"], madeRun(point, index === 5 ? { outcome: "diverged" as const } : {}));
    if (index !== 6) continue;
    const training = join(folder, "trainings", `t${index}`);
    mkdirSync(training, { recursive: true });
    writeLongTraining(training, 2_000);
  }
  await writeReport(folder);
}
