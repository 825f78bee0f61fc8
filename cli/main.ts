#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { whyNotWritten } from "../disk/index.js";
import { PatchstreamError } from "../plan/index.js";
import { checkpointCommand } from "./checkpoint.js";
import { demoCommand } from "./demo/demo.js";
import { doctorCommand } from "./doctor/doctor.js";
import { evaluateCommand } from "./evaluate/evaluate.js";
import { exportCommand } from "./export.js";
import { getCommand } from "./get/get.js";
import { ingestCommand } from "./ingest.js";
import { ingestPreparedCommand } from "./ingest-prepared.js";
import { inspectCommand } from "./inspect.js";
import { modelCommand } from "./model/model.js";
import { reportFailure } from "./output.js";
import { planCommand } from "./plan/plan.js";
import { predictCommand } from "./predict/predict.js";
import { previewCommand } from "./preview.js";
import { serveCommand } from "./serve.js";
import { stageCommand } from "./stage.js";
import { statsCommand } from "./stats/stats.js";
import { studyCommand } from "./study/study.js";
import { trainCommand } from "./train/train.js";
import { trainerCommand } from "./trainer.js";
import { trainingsCommand } from "./trainings.js";

/** Each command's file exports a function that makes it; adding a command is adding a line here. */
const commands: (() => Command)[] = [
  planCommand,
  modelCommand,
  ingestCommand,
  ingestPreparedCommand,
  inspectCommand,
  getCommand,
  previewCommand,
  statsCommand,
  doctorCommand,
  serveCommand,
  trainerCommand,
  trainCommand,
  stageCommand,
  trainingsCommand,
  checkpointCommand,
  predictCommand,
  evaluateCommand,
  exportCommand,
  studyCommand,
  demoCommand,
];

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("patchstream")
  .description("Progressive patch-size curricula for 3D medical segmentation, streamed over gRPC.")
  .version(version)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

for (const make of commands) {
  const command = make()
    .option("--json", "print one JSON document on stdout (one per line where results stream)")
    .option("--debug", "print the stack of a failure");
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
