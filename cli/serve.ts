import { Command } from "commander";
import { openStore, type ServeOptions, serve } from "../loader/index.js";
import { byteCount } from "./byte-count.js";
import { addListenFlags, type ListenFlags, listenOptions } from "./connection-flags.js";
import { lanePort } from "./host-and-port.js";
import { type CommonOptions, printJson } from "./output.js";
import { addServiceFlags, type ServiceFlags, serviceOptions, stopSignal, tellFailure } from "./service-flags.js";
import {
  addMetricsFlags,
  addScalerFlags,
  type MetricsFlags,
  metricsOptions,
  type ScalerFlags,
  scalerOptions,
} from "./side-port-flags.js";
import { addStoreFlags, STORE, type StoreFlags, storeOptions } from "./store-flags.js";
import { oneOrMore } from "./whole-number.js";

interface ServeFlags extends CommonOptions, ListenFlags, MetricsFlags, ScalerFlags, ServiceFlags, StoreFlags {
  readonly workers?: number;
  readonly volumeBudget?: number;
  readonly slotBudget?: number;
  readonly clientBytes?: number;
  readonly lanePort?: number | "none";
}

/** `patchstream serve`: the data server of one store, until SIGINT or SIGTERM drains it. */
export function serveCommand(): Command {
  const command = new Command("serve")
    .description("Serve the batches of a store over gRPC.")
    .argument("<store>", `the store: ${STORE}`)
    .option("--lane-port <port>", "port of the lanes, beside gRPC's (default: any free one); none: no lanes", lanePort)
    .option("--workers <count>", "threads that cut (default: one per core)", oneOrMore)
    .option("--volume-budget <bytes>", "memory for volumes and for making patches, such as 4GiB", byteCount)
    .option("--slot-budget <bytes>", "memory for batches that are cut or being sent, such as 512MiB", byteCount)
    .option(
      "--client-bytes <bytes>",
      "batches on their way to one client, such as 256MiB (default: no limit)",
      byteCount,
    );
  return addServiceFlags(addListenFlags(addScalerFlags(addMetricsFlags(addStoreFlags(command)))))
    .addHelpText("after", "\nExample:\n  $ patchstream serve stores/hippocampus --port 7070")
    .action((path: string, flags: ServeFlags, command: Command) => tellFailure(flags, () => run(path, flags, command)));
}

async function run(path: string, flags: ServeFlags, command: Command): Promise<void> {
  const startedMs = performance.now();
  const signal = stopSignal(flags);
  const service = await serviceOptions(flags);
  await using store = await openStore(path, storeOptions(flags, command));
  await using server = await serve(store, { ...serveOptions(flags, command), ...service, signal });
  const readyMs = Math.round(performance.now() - startedMs);
  const { name, cases } = store.dataset;
  const metrics = server.metricsAddress === undefined ? {} : { metrics: server.metricsAddress };
  const scaler = server.scalerAddress === undefined ? {} : { scaler: server.scalerAddress };
  const lane = server.laneAddress === undefined ? {} : { lane: server.laneAddress };
  if (flags.json)
    printJson({ address: server.address, ...lane, dataset: name, cases: cases.length, ...metrics, ...scaler, readyMs });
  else {
    const version = command.parent?.version() ?? "";
    const also = server.metricsAddress === undefined ? "" : `, metrics at http://${server.metricsAddress}/metrics`;
    const what = `${name} (${cases.length} cases, ${path})`;
    process.stdout.write(`patchstream ${version} serves ${what} at ${server.address}${also}, ready in ${readyMs} ms\n`);
  }
  await server.closed;
}

function serveOptions(flags: ServeFlags, command: Command): ServeOptions {
  const { workers, volumeBudget, slotBudget, clientBytes, lanePort: port } = flags;
  return {
    ...listenOptions(flags, command),
    ...metricsOptions(flags, command),
    ...scalerOptions(flags, command),
    ...(port !== undefined && { lanePort: port }),
    ...(workers !== undefined && { workers }),
    ...(volumeBudget !== undefined && { volumeBudgetBytes: volumeBudget }),
    ...(slotBudget !== undefined && { slotBudgetBytes: slotBudget }),
    ...(clientBytes !== undefined && { clientBytes }),
  };
}
