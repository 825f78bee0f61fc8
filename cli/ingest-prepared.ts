import { Command } from "commander";
import { ingestPrepared, type PreparedIngestReport } from "../loader/index.js";
import { showProgress } from "./ingest.js";
import { type CommonOptions, printJson } from "./output.js";

interface Options extends CommonOptions {
  readonly force?: boolean;
}

/** `patchstream ingest-prepared STORE`, for programs: cases are asked for on stdout and come on stdin. */
export function ingestPreparedCommand(): Command {
  return new Command("ingest-prepared")
    .description(
      "Store a data set that is preprocessed already, as a program writes it to standard input (docs/reference/prepared.md).",
    )
    .argument("<store>", "the store: a folder that is made, or made new")
    .option("--force", "write a new generation beside a finished store of other data, which is refused otherwise")
    .addHelpText(
      "after",
      "\nThe Python package does this with nnU-Net's preprocessed folders:\n  $ patchstream import-nnunet nnUNet_preprocessed/Dataset004_Hippocampus stores/hippocampus",
    )
    .action(async (store: string, { force }: Options) => {
      const progress = showProgress();
      const ask = (caseId: string) => printJson({ read: caseId });
      const report: PreparedIngestReport = await ingestPrepared(process.stdin, store, {
        ask,
        force,
        onProgress: progress.show,
      }).finally(() => {
        progress.stop();
        process.stdin.destroy(); // the program may hold it open, and would wait for us as we for it
      });
      printJson({ stored: report });
    });
}
