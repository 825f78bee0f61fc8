import { Command } from "commander";
import { serveDashboard } from "../dashboard/index.js";
import { addressList, oneAddress } from "./address-list.js";
import {
  addCallFlags,
  addHttpFlags,
  callOptions,
  type HttpFlags,
  httpOptions,
  prefixedCallFlags,
} from "./connection-flags.js";
import { type CommonOptions, note, printJson } from "./output.js";
import { tellFailure } from "./service-flags.js";
import { abortedBySignals } from "./stop-signal.js";
import type { TrainerFlag } from "./trainer-flag.js";

/** With `CallFlags` that have the prefixes "trainer-" and "data-". */
interface Options extends CommonOptions, HttpFlags, Partial<TrainerFlag> {
  readonly study?: string;
  readonly data?: readonly string[];
  readonly dataMetrics?: readonly string[];
}

/** `patchstream dashboard`: a page that shows trainings and their batches, until SIGINT or SIGTERM. */
export function dashboardCommand(): Command {
  const command = new Command("dashboard").description("Watch trainings, and look at their batches, in a browser.");
  addHttpFlags(command)
    .option("--trainer <address>", "show the trainings of this trainer service, host:port", oneAddress)
    .option("--study <folder>", "show a study as it goes: its folder")
    .option("--data <addresses>", "ask these data servers for batches (default: those of each training)", addressList)
    .option("--data-metrics <addresses>", "show what data servers do: where they serve their metrics", addressList);
  return addCallFlags(addCallFlags(command, "trainer-"), "data-")
    .addHelpText(
      "after",
      "\nIt needs --trainer, --study or both.\nWho looks needs a token: one that is drawn and printed with the address, or those of --token-file.\nThe --data flags say how --data is called. A token or certificate goes to no other data server.\n\nExample:\n  $ patchstream dashboard --trainer localhost:7071 --data-metrics localhost:9070\n  $ patchstream dashboard --study study",
    )
    .action((options: Options) => tellFailure(options, () => run(options, command)));
}

async function run(options: Options, command: Command): Promise<void> {
  const { trainer, study, data, dataMetrics, json } = options;
  if (trainer === undefined && study === undefined)
    command.error("error: name what to show: --trainer, --study or both");
  const dataOptions = callOptions(prefixedCallFlags(options, "data-"), "data-");
  if (data === undefined && (dataOptions.tls !== undefined || dataOptions.tokenFile !== undefined))
    command.error("error: --data-tls and --data-token-file need --data: they go to no other data server");
  const { signal } = abortedBySignals();
  await using dashboard = await serveDashboard({
    ...httpOptions(options, command),
    ...(trainer !== undefined && { trainer }),
    ...(study !== undefined && { study }),
    trainerOptions: callOptions(prefixedCallFlags(options, "trainer-"), "trainer-"),
    ...(data && { data }),
    dataOptions,
    ...(dataMetrics && { dataMetrics }),
    onFault: (error) => note(`patchstream: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  });
  const { address, url } = dashboard;
  const shown = [
    ...(trainer === undefined ? [] : [`the trainings of ${trainer}`]),
    ...(study === undefined ? [] : [`the study in ${study}`]),
  ].join(" and ");
  if (json) printJson({ address, url });
  else process.stdout.write(`patchstream shows ${shown} at ${url}\n`);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
