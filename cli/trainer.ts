import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command, Option } from "commander";
import type { CarrierChoice } from "../client/index.js";
import { engineNames, serveTrainer, type TrainerBudget } from "../trainer/index.js";
import { addressList } from "./address-list.js";
import { byteCount } from "./byte-count.js";
import {
  addCallFlags,
  addCarrierFlag,
  addListenFlags,
  callOptions,
  type ListenFlags,
  listenOptions,
  prefixedCallFlags,
} from "./connection-flags.js";
import { type CommonOptions, printJson } from "./output.js";
import { addServiceFlags, type ServiceFlags, serviceOptions, stopSignal, tellFailure } from "./service-flags.js";
import { addMetricsFlags, type MetricsFlags, metricsOptions } from "./side-port-flags.js";
import { oneOrMore } from "./whole-number.js";

/** Which data servers are called; with `CallFlags` that have the prefix "data-". */
interface DataFlags {
  readonly dataCarrier: CarrierChoice;
  readonly dataServers?: readonly string[];
}

interface Options extends CommonOptions, ListenFlags, MetricsFlags, ServiceFlags, DataFlags {
  readonly engine: string;
  readonly engineModule?: string;
  readonly threads: number;
  readonly trainings: number;
  readonly predictions: number;
  readonly memory?: number;
  readonly runs: string;
}

/** `patchstream trainer`: the trainer service, until SIGINT or SIGTERM; trainings then stop after the step in progress. */
export function trainerCommand(): Command {
  const command = new Command("trainer")
    .description("Serve trainings: start, watch, steer and stop them over gRPC.")
    .addOption(
      new Option(
        "--engine <name>",
        'the engine of trainings whose spec says "auto"; "auto" is the first of the others that works here',
      )
        .choices(engineNames)
        .default("auto"),
    )
    .addOption(
      new Option(
        "--engine-module <file>",
        "an engine of your own instead, for the same trainings: a JavaScript file that exports openEngine()",
      ).conflicts("engine"),
    )
    .addOption(
      new Option("--trainings <count>", "how many train at the same time; the others wait in order")
        .argParser(oneOrMore)
        .default(1),
    )
    .addOption(
      new Option("--threads <count>", "CPU threads of all trainings; each has an equal share, at least one")
        .argParser(oneOrMore)
        .default(availableParallelism(), "one per core"),
    )
    .option(
      "--memory <bytes>",
      "what trainings and predictions may take, as estimated, such as 8GiB (default: three quarters of the machine's)",
      byteCount,
    )
    .addOption(
      new Option("--predictions <count>", "how many images are labelled at the same time; more are refused")
        .argParser(oneOrMore)
        .default(2),
    )
    .option("--runs <folder>", "where trainings keep checkpoints and history", "runs");
  command.option("--data-servers <addresses>", "call these data servers only, host:port[,host:port]", addressList);
  addServiceFlags(addListenFlags(addMetricsFlags(command)));
  return addCarrierFlag(addCallFlags(command, "data-"), "data-")
    .addHelpText(
      "after",
      "\nThe --data flags say how data servers are called. A token or certificate goes to --data-servers alone.\n\nExample:\n  $ patchstream trainer --port 7071 --runs runs",
    )
    .action((options: Options) => tellFailure(options, () => run(options, command)));
}

async function run(options: Options, command: Command): Promise<void> {
  const { json, engine, engineModule, threads, trainings, predictions, memory, runs: runsFolder } = options;
  const stop = stopSignal(options);
  const stopped = new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  await using server = await serveTrainer({
    ...listenOptions(options, command),
    ...metricsOptions(options, command),
    ...(await serviceOptions(options)),
    engine: engineModule === undefined ? engine : pathToFileURL(resolve(engineModule)).href,
    threads,
    trainings,
    predictions,
    ...(memory !== undefined && { memoryBytes: memory }),
    runsFolder,
    notice: (line) => process.stderr.write(`${line}\n`),
    access: {
      connection: { ...callOptions(prefixedCallFlags(options, "data-"), "data-"), carrier: options.dataCarrier },
      servers: options.dataServers ?? [],
    },
  });
  const { address, metricsAddress: metrics, budget } = server;
  if (json) printJson({ address, ...(metrics !== undefined && { metrics }), ...budget });
  else {
    const also = metrics === undefined ? "" : `, metrics at http://${metrics}/metrics`;
    process.stdout.write(`patchstream trains at ${address}${also}, runs in ${runsFolder}\n${budgetText(budget)}\n`);
  }
  await stopped;
}

function budgetText({ trainings, threadsEach, memoryBytes }: TrainerBudget): string {
  const places = trainings === 1 ? "one training at a time" : `${trainings} trainings at a time`;
  const threads = `${threadsEach} CPU ${threadsEach === 1 ? "thread" : "threads"}${trainings === 1 ? "" : " each"}`;
  return `${places}, ${threads}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`;
}
