import { createInterface } from "node:readline";
import type { StageProposal } from "../../../plan/batch/stage-timeline.js";
import { PatchstreamError } from "../../../plan/errors.js";
import type { HeldAddress, HeldBatch, HeldClient, HeldOptions, HeldRun, HeldRunOptions } from "./held-client.js";
import { ownClient } from "./own-client.js";

/** Our own client as a command, as `docs/reference/conformance.md` has it: holds the suite's own end of the lines. */

interface Call {
  readonly id: number;
  readonly call: string;
  readonly client?: number;
  readonly run?: number;
}

interface OpenRun {
  readonly held: HeldRun;
  readonly batches: AsyncIterator<HeldBatch>;
}

const clients = new Map<number, HeldClient>();
const runs = new Map<number, OpenRun>();
let lastRun = 0;

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function known<Value>(from: ReadonlyMap<number, Value>, id: number | undefined): Value {
  const value = id === undefined ? undefined : from.get(id);
  if (value === undefined) throw new Error(`there is no client or run ${id}`);
  return value;
}

async function answer({ call, client: clientId, run: runId, ...parameters }: Call): Promise<unknown> {
  const given = parameters as unknown;
  const client = () => known(clients, clientId);
  const run = () => known(runs, runId);
  const { spec, ...address } = given as { spec: object } & HeldAddress;
  const { case: caseId, class: classValue } = given as { case: string; class: number };
  switch (call) {
    case "connect": {
      const { addresses, ...options } = given as { addresses: string[] } & HeldOptions;
      clients.set(clientId ?? 0, ownClient(addresses, options));
      return {};
    }
    case "disconnect":
      await client()[Symbol.asyncDispose]();
      return {};
    case "describeDataset":
      return client().describeDataset();
    case "describeRun":
      return client().describeRun(spec);
    case "openRun": {
      const { spec: ofRun, ...options } = given as { spec: object } & HeldRunOptions;
      const held = await client().openRun(ofRun, options);
      runs.set(++lastRun, { held, batches: held.batches() });
      return { run: lastRun };
    }
    case "next": {
      const { done, value } = await run().batches.next();
      return done ? null : value;
    }
    case "firstUnwanted":
      return { step: await run().held.firstUnwanted() };
    case "changeStage":
      return run().held.changeStage(given as StageProposal);
    case "closeRun":
      await run().batches.return?.();
      return {};
    case "getBatch":
      return client().getBatch(spec, address);
    case "readImage":
      return { sha256: await client().readImage(caseId) };
    case "readLabel":
      return { sha256: await client().readLabel(caseId) };
    case "readLocations":
      return { count: await client().readLocations(caseId, classValue) };
    case "preview":
      return { sha256: await client().preview(spec, address) };
    default:
      throw new Error(`there is no call ${call}`);
  }
}

say({ id: 0, result: { client: "patchstream for TypeScript", carriers: ["grpc", "lane"] } });
for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...call } = JSON.parse(line) as Call;
  answer({ id, ...call }).then(
    (result) => say({ id, result }),
    (error: unknown) => {
      if (!(error instanceof PatchstreamError)) throw error;
      say({ id, error: { facts: error.facts, hint: error.hint, message: error.message } });
    },
  );
}
process.exit(0);
