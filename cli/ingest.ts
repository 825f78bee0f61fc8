import { Command, Option } from "commander";
import { type IngestOptions, type IngestProgress, type IngestReport, ingest, PLANNER_NAMES } from "../loader/index.js";
import { printable } from "../plan/index.js";
import { stderrLine } from "./log-lines.js";
import { type CommonOptions, note, printJson, printLine } from "./output.js";
import { paceOf } from "./pace-text.js";
import { stderrBar } from "./terminal-bar.js";
import { toleratedText } from "./tolerated-text.js";
import { oneOrMore } from "./whole-number.js";

interface Options extends CommonOptions, Omit<IngestOptions, "onProgress"> {}

/** `patchstream ingest RAW STORE`. */
export function ingestCommand(): Command {
  return new Command("ingest")
    .description("Turn a raw data set (nnU-Net's or MSD's folders of images) into a store.")
    .argument("<raw>", "the raw data set: a folder with dataset.json")
    .argument("<store>", "the store: a folder that is made, or made new")
    .addOption(new Option("--plans <file>", "follow this nnU-Net plans.json instead of planning").conflicts("planner"))
    .addOption(
      new Option(
        "--planner <name>",
        'which of nnU-Net\'s planners plans: "ExperimentPlanner" its plain U-Net, "nnUNetPlannerResEncM", "nnUNetPlannerResEncL" and "nnUNetPlannerResEncXL" its residual encoder for 8, 24 and 40 GB',
      )
        .choices(PLANNER_NAMES)
        .default("ExperimentPlanner"),
    )
    .addOption(
      new Option(
        "--on-error <what>",
        'what a damaged case does: "stop" ends the ingest, "skip" leaves the case out and reports it',
      )
        .choices(["stop", "skip"])
        .default("stop"),
    )
    .addOption(
      new Option(
        "--nonfinite <what>",
        'what voxels of NaN or infinity do: "stop" makes their case a damaged one, "zero" reads them as 0 and reports it',
      )
        .choices(["stop", "zero"])
        .default("stop"),
    )
    .addOption(
      new Option(
        "--geometry <what>",
        'what a file with another origin or direction than the first image does: "strict" makes its case a damaged one, "ignore" lays it on the image voxel by voxel and reports it',
      )
        .choices(["strict", "ignore"])
        .default("strict"),
    )
    .addOption(
      new Option(
        "--files <where>",
        'where the files that dataset.json names may lie: "inside" its folder, or "anywhere", also behind $NAME of the environment',
      )
        .choices(["inside", "anywhere"])
        .default("inside"),
    )
    .option("--unlabelled", "store images without a label too (imagesTs, and what labelsTr lacks), for prediction")
    .option("--force", "write a new generation beside a finished store of other data, which is refused otherwise")
    .option("--workers <count>", "threads that read and preprocess (default: one per core)", oneOrMore)
    .option("--name <name>", "name of the data set in the store (default: the raw folder's)")
    .addHelpText("after", "\nExample:\n  $ patchstream ingest Task04_Hippocampus stores/hippocampus")
    .action(async (raw: string, store: string, { json, debug: _debug, quiet: _quiet, ...options }: Options) => {
      const progress = showProgress();
      const report = await ingest(raw, store, { ...options, onProgress: progress.show }).finally(progress.stop);
      for (const one of report.tolerated) note(toleratedText(one));
      if (json) printJson(report);
      else for (const line of summary(report, store)) printLine(line);
    });
}

const VERBS = { measure: "measured", store: "stored" };

/** On a terminal one bar per pass, elsewhere one line per case; always on stderr. */
export function showProgress(): { show(progress: IngestProgress): void; stop(): void } {
  const bar = stderrBar();
  if (bar === undefined) {
    const line = ({ pass, caseId, done, total }: IngestProgress) => `${VERBS[pass]} ${done}/${total} ${caseId}`;
    return { show: (progress) => stderrLine(`${printable(line(progress))}\n`), stop: () => undefined };
  }
  const pace = paceOf("cases", () => performance.now());
  return {
    show({ pass, caseId, done, total }) {
      const after = `${done}/${total} ${pace(done, total)} ${caseId}`;
      bar.show({ before: VERBS[pass], share: done / total, after });
      if (done === total) bar.stop();
    },
    stop: () => bar.stop(),
  };
}

function summary({ name, digest, cases, unlabelled, skipped, plan }: IngestReport, store: string): string[] {
  return [
    `${name}: ${cases.length} cases in ${store}`,
    `digest  ${digest}`,
    `plan    patch ${plan.patchSize.join("x")} voxels, batch ${plan.batchSize}, pooling ${plan.pooling.join(",")}`,
    ...unlabelled.map((id) => `unlabelled ${id}: for prediction only`),
    ...skipped.map(({ file, reason }) => `skipped ${file}: ${reason}`),
  ];
}
