import { MessageChannel, parentPort, type TransferListItem, workerData } from "node:worker_threads";
import { PatchstreamError } from "../../plan/errors.js";
import type { ChannelOptions } from "../../rpc/client/channel.js";
import { openTracing } from "../../rpc/tracing/open-tracing.js";
import { type CarrierChoice, streamOpener } from "./carrier.js";
import { machineClock as clock } from "./clock.js";
import { Fleet } from "./fleet.js";
import { fleetStanding } from "./fleet-standing.js";
import type {
  CallName,
  FromThread,
  ReceivedBatch,
  SentAhead,
  SentFailure,
  ToThread,
  TransportCalls,
} from "./messages.js";
import { type Attempt, Replicas } from "./replicas.js";
import { Session } from "./session.js";
import { describeDataset, describeRun, getBatch, preview, readCase, readLocations } from "./unary-calls.js";

/** What the transport thread is started with. */
export interface ThreadStart {
  readonly addresses: readonly string[];
  readonly channel: ChannelOptions;
  readonly deadlineMs: number;
  readonly carrier: CarrierChoice;
}

interface Answer<T> {
  readonly value: T;
  /** Memory and ports that move to the main thread. */
  readonly transfer?: readonly TransferListItem[];
}

type Calls = {
  readonly [Name in CallName]: (
    args: TransportCalls[Name]["args"],
    signal: AbortSignal,
  ) => Promise<Answer<TransportCalls[Name]["answer"]>>;
};

const { addresses, channel: channelOptions, deadlineMs, carrier } = workerData as ThreadStart;
const openStream = streamOpener(carrier);
const fleet = new Fleet(addresses, channelOptions, clock);
const replicas = new Replicas(fleet, { deadlineMs, clock });
const sessions = new Map<number, Session>();
const tracing = await openTracing();
let sessionsOpened = 0;

function session(id: number): Session {
  const found = sessions.get(id);
  if (found === undefined)
    throw new PatchstreamError(
      { code: "UNAVAILABLE", address: addresses.join(", "), reason: "the run was closed" },
      "Open it again.",
    );
  return found;
}

const calls: Calls = {
  fleet: async () => {
    const standings = [...sessions.values()].map((one) => one.standing);
    return { value: fleetStanding(fleet.replicas, standings) };
  },
  describeDataset: async (_, signal) => ({
    value: await replicas.call("describeDataset", signal, describeDataset),
  }),
  describeRun: async (request, signal) => ({
    value: await replicas.call("describeRun", signal, (channel, options) => describeRun(channel, request, options)),
  }),
  getBatch: async (request, signal) => {
    const attempt: Attempt<ReceivedBatch> = (channel, options) => getBatch(channel, request, options);
    const value = await replicas.call("getBatch", signal, attempt);
    return { value, transfer: [value.buffer] };
  },
  readCase: async (request, signal) => {
    const value = await replicas.call("readCase", signal, (channel, options) => readCase(channel, request, options));
    return { value, transfer: [value] };
  },
  readLocations: async (request, signal) => ({
    value: await replicas.call("readLocations", signal, (channel, options) => readLocations(channel, request, options)),
  }),
  preview: async (request, signal) => ({
    value: await replicas.call("preview", signal, (channel, options) => preview(channel, request, options)),
  }),
  openSession: async (request) => {
    const id = ++sessionsOpened;
    const { port1: near, port2: ahead } = new MessageChannel();
    const sendAhead = (sent: SentAhead) => near.postMessage(sent, [sent.batch.buffer]);
    sessions.set(id, new Session(request, { fleet, deadlineMs, clock, openStream, sendAhead, tracing }));
    return { value: { session: id, ahead }, transfer: [ahead] };
  },
  take: async ({ session: id, step }, signal) => {
    const value = await session(id).take(step, signal);
    return value === "ahead" ? { value } : { value, transfer: [value.buffer] };
  },
  changeStage: async ({ session: id, proposal }) => ({ value: await session(id).changeStage(proposal) }),
  closeSession: async ({ session: id }) => {
    sessions.get(id)?.close();
    sessions.delete(id);
    return { value: undefined };
  },
  flushTraces: async () => {
    await tracing?.flush();
    return { value: undefined };
  },
};

function sent(error: unknown): SentFailure {
  if (error instanceof PatchstreamError) return { facts: error.facts, hint: error.hint };
  const reason = error instanceof Error ? error.message : String(error);
  return { facts: { code: "INTERNAL", where: "the client's transport", reason }, hint: undefined };
}

const running = new Map<number, AbortController>();

function post(message: FromThread, transfer: readonly TransferListItem[] = []): void {
  parentPort?.postMessage(message, [...transfer]);
}

async function answer(id: number, name: CallName, args: unknown): Promise<void> {
  const stop = new AbortController();
  running.set(id, stop);
  try {
    await fleet.ready;
    stop.signal.throwIfAborted();
    const { value, transfer } = await calls[name](args as never, stop.signal);
    post({ id, answer: value }, transfer);
  } catch (error) {
    post({ id, failure: sent(error) });
  } finally {
    running.delete(id);
  }
}

parentPort?.on("message", (message: ToThread) => {
  if ("delivered" in message) sessions.get(message.session)?.delivered(message.delivered);
  else if ("cancel" in message) running.get(message.id)?.abort();
  else answer(message.id, message.name, message.args);
});
