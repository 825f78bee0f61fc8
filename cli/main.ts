#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { whyNotWritten } from "../disk/index.js";
import { PatchstreamError } from "../plan/index.js";
import { type CommonOptions, reportFailure } from "./output.js";
import { setQuiet } from "./quiet.js";

/** Each command's file exports a function that makes it; adding a command is adding a line here. A command loads its own file alone. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  plan: async () => (await import("./plan/plan.js")).planCommand(),
  model: async () => (await import("./model/model.js")).modelCommand(),
  ingest: async () => (await import("./ingest.js")).ingestCommand(),
  "ingest-prepared": async () => (await import("./ingest-prepared.js")).ingestPreparedCommand(),
  inspect: async () => (await import("./inspect.js")).inspectCommand(),
  init: async () => (await import("./init/init.js")).initCommand(),
  get: async () => (await import("./get/get.js")).getCommand(),
  preview: async () => (await import("./preview.js")).previewCommand(),
  stats: async () => (await import("./stats/stats.js")).statsCommand(),
  doctor: async () => (await import("./doctor/doctor.js")).doctorCommand(),
  size: async () => (await import("./size/size.js")).sizeCommand(),
  serve: async () => (await import("./serve.js")).serveCommand(),
  trainer: async () => (await import("./trainer.js")).trainerCommand(),
  train: async () => (await import("./train/train.js")).trainCommand(),
  stage: async () => (await import("./stage.js")).stageCommand(),
  curves: async () => (await import("./curves/curves.js")).curvesCommand(),
  trainings: async () => (await import("./trainings.js")).trainingsCommand(),
  checkpoint: async () => (await import("./checkpoint.js")).checkpointCommand(),
  predict: async () => (await import("./predict/predict.js")).predictCommand(),
  evaluate: async () => (await import("./evaluate/evaluate.js")).evaluateCommand(),
  export: async () => (await import("./export.js")).exportCommand(),
  study: async () => (await import("./study/study.js")).studyCommand(),
  dashboard: async () => (await import("./dashboard.js")).dashboardCommand(),
  demo: async () => (await import("./demo/demo.js")).demoCommand(),
  completion: async () => (await import("./completion/completion.js")).completionCommand(),
};

/** The commands that what was typed needs: the one that is named, else all of them, for the help and for a shell's completion. */
function wantedCommands(named = ""): (() => Promise<Command>)[] {
  if (named === "--version") return [];
  const make = named !== "completion" && Object.hasOwn(COMMANDS, named) ? COMMANDS[named] : undefined;
  return make === undefined ? Object.values(COMMANDS) : [make];
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("patchstream")
  .description("Progressive patch-size curricula for 3D medical segmentation, streamed over gRPC.")
  .version(version)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

for (const make of wantedCommands(process.argv[2])) {
  const command = (await make())
    .option("--json", "print one JSON document on stdout (one per line where results stream)")
    .option("--quiet", "show no progress")
    .option("--debug", "print the stack of a failure")
    .hook("preAction", (_, used) => setQuiet(used.opts<CommonOptions>().quiet ?? false));
  command.exitOverride();
  program.addCommand(command);
}

// A reader that has seen enough (`patchstream get ... | head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") {
    const facts = { code: "WRITE_FAILED", file: "standard output", reason: whyNotWritten(error) } as const;
    reportFailure(new PatchstreamError(facts), process.argv.includes("--debug"));
  }
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else reportFailure(error, process.argv.includes("--debug"));
}
