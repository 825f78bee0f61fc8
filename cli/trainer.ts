import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import type { CarrierChoice } from "../client/index.js";
import { engineNames, serveTrainer } from "../trainer/index.js";
import { addressList } from "./address-list.js";
import {
  addCallFlags,
  addCarrierFlag,
  addListenFlags,
  type CallFlags,
  callOptions,
  type ListenFlags,
  listenOptions,
} from "./connection-flags.js";
import { addMetricsFlags, type MetricsFlags, metricsOptions } from "./metrics-flags.js";
import { type CommonOptions, printJson } from "./output.js";
import { addServiceFlags, type ServiceFlags, serviceOptions, stopSignal, tellFailure } from "./service-flags.js";
import { oneOrMore } from "./whole-number.js";

/** `CallFlags` with the prefix "data-". */
interface DataFlags {
  readonly dataTls?: boolean;
  readonly dataTlsCa?: string;
  readonly dataTlsCert?: string;
  readonly dataTlsKey?: string;
  readonly dataTlsServerName?: string;
  readonly dataTokenFile?: string;
  readonly dataWait?: number;
  readonly dataCarrier: CarrierChoice;
  readonly dataServers?: readonly string[];
}

interface Options extends CommonOptions, ListenFlags, MetricsFlags, ServiceFlags, DataFlags {
  readonly engine: string;
  readonly threads: number;
  readonly runs: string;
}

function dataCallFlags(flags: DataFlags): CallFlags {
  const { dataTls, dataTlsCa, dataTlsCert, dataTlsKey, dataTlsServerName, dataTokenFile, dataWait } = flags;
  return {
    ...(dataTls && { tls: dataTls }),
    ...(dataTlsCa !== undefined && { tlsCa: dataTlsCa }),
    ...(dataTlsCert !== undefined && { tlsCert: dataTlsCert }),
    ...(dataTlsKey !== undefined && { tlsKey: dataTlsKey }),
    ...(dataTlsServerName !== undefined && { tlsServerName: dataTlsServerName }),
    ...(dataTokenFile !== undefined && { tokenFile: dataTokenFile }),
    ...(dataWait !== undefined && { wait: dataWait }),
  };
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
      new Option("--threads <count>", "CPU threads of the engine")
        .argParser(oneOrMore)
        .default(availableParallelism(), "one per core"),
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
  const { json, engine, threads, runs: runsFolder } = options;
  const stop = stopSignal(options);
  const stopped = new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  await using server = await serveTrainer({
    ...listenOptions(options, command),
    ...metricsOptions(options, command),
    ...(await serviceOptions(options)),
    engine,
    threads,
    runsFolder,
    notice: (line) => process.stderr.write(`${line}\n`),
    access: {
      connection: { ...callOptions(dataCallFlags(options), "data-"), carrier: options.dataCarrier },
      servers: options.dataServers ?? [],
    },
  });
  const { address, metricsAddress: metrics } = server;
  if (json) printJson({ address, ...(metrics !== undefined && { metrics }) });
  else {
    const also = metrics === undefined ? "" : `, metrics at http://${metrics}/metrics`;
    process.stdout.write(`patchstream trains at ${address}${also}, runs in ${runsFolder}\n`);
  }
  await stopped;
}
