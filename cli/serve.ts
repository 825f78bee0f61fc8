import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError } from "commander";
import { openStore, type ServeOptions, serve } from "../loader/index.js";
import { type CommonOptions, printJson } from "./output.js";
import { wholeNumber } from "./whole-number.js";

interface ServeFlags extends CommonOptions {
  readonly host?: string;
  readonly port?: number;
  readonly workers?: number;
  readonly volumeBudget?: number;
  readonly slotBudget?: number;
  readonly metricsPort?: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly tokenFile?: string;
  readonly insecure?: boolean;
}

/** `patchstream serve`: the data server of one store, until SIGINT or SIGTERM drains it. */
export function serveCommand(): Command {
  return new Command("serve")
    .description("Serve the batches of a store over gRPC.")
    .argument("<store>", "the store to serve")
    .option("--host <host>", "address to listen on (default: this machine only; others need TLS)")
    .option("--port <port>", "port (default 0: any free one)", wholeNumber)
    .option("--workers <count>", "threads that cut (default: one a processor)", wholeNumber)
    .option("--volume-budget <bytes>", "memory for volumes, such as 4GiB", byteCount)
    .option("--slot-budget <bytes>", "memory for batches that are cut or being sent, such as 512MiB", byteCount)
    .option("--metrics-port <port>", "Prometheus metrics over HTTP on this port of this machine", wholeNumber)
    .option("--tls-cert <file>", "PEM certificate")
    .option("--tls-key <file>", "PEM key of the certificate")
    .option("--tls-ca <file>", "PEM certificate that clients' certificates must be signed by (mTLS)")
    .option("--token-file <file>", "file with the bearer token that calls must carry")
    .option("--insecure", "listen on other addresses than this machine's without TLS")
    .addHelpText("after", "\nExample:\n  $ patchstream serve stores/hippocampus --port 7070")
    .action(run);
}

async function run(path: string, flags: ServeFlags, command: Command): Promise<void> {
  const startedMs = performance.now();
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await using store = await openStore(path);
  await using server = await serve(store, { ...serveOptions(flags, command), signal: stop.signal });
  const readyMs = Math.round(performance.now() - startedMs);
  const { name, cases } = store.dataset;
  const metrics = server.metricsAddress === undefined ? {} : { metrics: server.metricsAddress };
  if (flags.json) printJson({ address: server.address, dataset: name, cases: cases.length, ...metrics, readyMs });
  else {
    const version = command.parent?.version() ?? "";
    const also = server.metricsAddress === undefined ? "" : `, metrics at http://${server.metricsAddress}/metrics`;
    const what = `${name} (${cases.length} cases, ${path})`;
    process.stdout.write(`patchstream ${version} serves ${what} at ${server.address}${also}, ready in ${readyMs} ms\n`);
  }
  await server.closed;
}

function serveOptions(flags: ServeFlags, command: Command): ServeOptions {
  const { host, port, workers, volumeBudget, slotBudget, metricsPort, tlsCert, tlsKey, tlsCa, tokenFile } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) command.error("error: --tls-cert and --tls-key go together");
  if (tlsCa !== undefined && tlsCert === undefined) command.error("error: --tls-ca needs --tls-cert and --tls-key");
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(workers !== undefined && { workers }),
    ...(volumeBudget !== undefined && { volumeBudgetBytes: volumeBudget }),
    ...(slotBudget !== undefined && { slotBudgetBytes: slotBudget }),
    ...(metricsPort !== undefined && { metricsPort }),
    ...(tlsCert !== undefined &&
      tlsKey !== undefined && { tls: { cert: tlsCert, key: tlsKey, ...(tlsCa !== undefined && { ca: tlsCa }) } }),
    ...(tokenFile !== undefined && { token: readFileSync(tokenFile, "utf8").trim() }),
    ...(flags.insecure && { insecure: true }),
  };
}

const UNITS: Readonly<Record<string, number>> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

function byteCount(text: string): number {
  const [, number, unit] = /^(\d+)(|KiB|MiB|GiB)$/.exec(text) ?? [];
  const factor = UNITS[unit ?? "?"];
  if (number === undefined || factor === undefined)
    throw new InvalidArgumentError("It must be a number of bytes, such as 536870912, 512MiB or 4GiB.");
  return Number(number) * factor;
}
