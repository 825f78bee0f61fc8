import type { Command } from "commander";
import type { CommonOptions } from "./output.js";
import { setQuiet } from "./quiet.js";

/** Each command's file exports a function that makes it; adding a command is adding a line here. A command loads its own file alone. */
const COMMANDS = {
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
} satisfies Record<string, () => Promise<Command>>;

type CommandName = keyof typeof COMMANDS;

/** Names of all commands. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

/** A command with the options that every command has. */
export async function commandNamed(name: CommandName): Promise<Command> {
  const command = await COMMANDS[name]();
  return command
    .option("--json", "print one JSON document on stdout (one per line where results stream)")
    .option("--quiet", "show no progress")
    .option("--debug", "print the stack of a failure")
    .hook("preAction", (_, used) => setQuiet(used.opts<CommonOptions>().quiet ?? false))
    .exitOverride();
}
