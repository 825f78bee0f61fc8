import { existsSync } from "node:fs";
import { Command, Option } from "commander";
import { machineBytes, replaceFile } from "../../disk/index.js";
import { openStore } from "../../loader/index.js";
import { MODES, type Mode, PatchstreamError } from "../../plan/index.js";
import { NETWORKS, type NetworkName } from "../../trainer/index.js";
import { byteCount } from "../byte-count.js";
import { alignColumns } from "../columns.js";
import { type CommonOptions, printJson } from "../output.js";
import { addStoreFlags, STORE, type StoreFlags, storeOptions } from "../store-flags.js";
import { ask, type Question } from "./ask.js";
import { LENGTHS, type Length } from "./lengths.js";
import { type Answers, proposeRun } from "./propose-run.js";

interface Options extends CommonOptions, StoreFlags {
  readonly out: string;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly mode?: Mode;
  readonly length?: Length;
  readonly network?: NetworkName | "auto";
  readonly memory?: number;
}

const QUESTIONS: { readonly [Name in keyof Answers]: Question<Answers[Name]> } = {
  mode: {
    asks: "How do patches grow?",
    answers: [
      { answer: "performance", about: "at the voxels of a full batch: the paper's best Dice" },
      { answer: "efficiency", about: "at the plan's batch: the least computing" },
      { answer: "constant", about: "not at all: as nnU-Net trains" },
    ],
  },
  length: {
    asks: "How long is the training?",
    answers: (["try", "short", "full"] as const).map((answer) => ({ answer, about: LENGTHS[answer].about })),
  },
  network: {
    asks: "Which network?",
    answers: [
      { answer: "auto", about: "what the store was planned for" },
      { answer: "plain-unet", about: "nnU-Net's own" },
      { answer: "residual-unet", about: "nnU-Net's residual encoder" },
      { answer: "unetr", about: "a transformer, for patches of whole multiples of 16" },
      { answer: "swin-unetr", about: "a transformer with windows, for patches of whole multiples of 32" },
    ],
  },
};

/** `patchstream init`. */
export function initCommand(): Command {
  const command = new Command("init")
    .description("Write a run spec for a store, which trains as it is, and say why each value is what it is.")
    .argument("<store>", `the store: ${STORE}`)
    .option("--out <file>", "the run spec to write", "run.json")
    .addOption(new Option("--mode <mode>", "how patches grow (default: asked for, else performance)").choices(MODES))
    .addOption(
      new Option("--length <length>", 'how long: "try", "short" or "full" (default: asked for, else try)').choices(
        Object.keys(LENGTHS),
      ),
    )
    .addOption(
      new Option("--network <name>", "the network (default: asked for, else auto)").choices(["auto", ...NETWORKS]),
    )
    .option(
      "--memory <bytes>",
      "memory of the trainer's machine or GPU, such as 24GiB (default: this machine's)",
      byteCount,
    )
    .option("--yes", "ask nothing; without a terminal nothing is asked anyway")
    .option("--force", "write over a file that is there");
  return addStoreFlags(command)
    .addHelpText(
      "after",
      "\nExamples:\n  $ patchstream init stores/hippocampus\n  $ patchstream init stores/hippocampus --mode efficiency --length full --memory 24GiB --yes",
    )
    .action(init);
}

async function init(path: string, options: Options, command: Command): Promise<void> {
  const { out, force, json } = options;
  if (existsSync(out) && !force)
    throw new PatchstreamError({ code: "ALREADY_EXISTS", what: "file", name: out }, "--force writes over it.");
  await using store = await openStore(path, storeOptions(options, command));
  const answers = await answersTo(options);
  const { run, why } = proposeRun(store.dataset, answers, options.memory ?? machineBytes());
  replaceFile(out, `${JSON.stringify(run, null, 2)}\n`);
  if (json) {
    printJson({ file: out, run, why });
    return;
  }
  process.stdout.write(
    `${out}\n${alignColumns(
      why.map(({ field, value, reason }) => [field, value, reason]),
      [0, 1, 2],
    )}`,
  );
  process.stderr.write(
    `\nTrain it with:\n  patchstream serve ${path} --port 7070\n  patchstream trainer --port 7071\n  patchstream train --data localhost:7070 --trainer localhost:7071 --run ${out}\n`,
  );
}

/** What the options say, else a person on the terminal, else the usual. */
async function answersTo({ mode, length, network, yes, json }: Options): Promise<Answers> {
  const mayAsk = !yes && !json && process.stdin.isTTY && process.stderr.isTTY;
  const answer = async <Name extends keyof Answers>(name: Name, given: Answers[Name] | undefined) => {
    const question: Question<Answers[Name]> = QUESTIONS[name];
    return given ?? (mayAsk ? await ask(question) : (question.answers[0]?.answer as Answers[Name]));
  };
  return {
    mode: await answer("mode", mode),
    length: await answer("length", length),
    network: await answer("network", network),
  };
}
