import { setMaxListeners } from "node:events";
import { setTimeout } from "node:timers/promises";
import { Server } from "@grpc/grpc-js";
import { caseTable } from "../../plan/batch/case-table.js";
import { PatchstreamError } from "../../plan/errors.js";
import { keepFreedMemory } from "../../rpc/free-memory.js";
import { listenForLanes } from "../../rpc/lane/lane-listener.js";
import { packageVersion } from "../../rpc/package-version.js";
import { openAccess } from "../../rpc/server/access.js";
import { Admission } from "../../rpc/server/admission.js";
import { EventLoopPause } from "../../rpc/server/event-loop-pause.js";
import { addStandardServices } from "../../rpc/server/health.js";
import { type ImplementOptions, implement, serveCarried } from "../../rpc/server/implement.js";
import { listen, serverOptions } from "../../rpc/server/listen.js";
import { serveMetrics } from "../../rpc/server/metrics-endpoint.js";
import { failedCall, serviceLog, startOf } from "../../rpc/server/service-log.js";
import { openTracing } from "../../rpc/tracing/open-tracing.js";
import { openStore } from "../dataset/open-store.js";
import { readPlans } from "../dataset/sealed-file.js";
import type { Store } from "../dataset/store.js";
import { openEngine } from "../engine/engine.js";
import { LARGEST_ARENA_BYTES } from "../engine/memory/arenas.js";
import { ByteGate } from "./byte-gate.js";
import { ClientBytes } from "./client-bytes.js";
import { type DataServiceParts, dataService } from "./data-service.js";
import { DatasetPages } from "./dataset-pages.js";
import { FairShares } from "./fair-shares.js";
import { LANE_HEARTBEAT_MS, LANE_TICKET_MS, START_TIMEOUT_MS, serverLimits } from "./limits.js";
import { createMetrics } from "./metrics.js";
import { Paces } from "./paces.js";
import { serveScaler } from "./scaler/external-scaler.js";
import type { DataServer, ServeOptions } from "./serve.js";
import { type ServedLease, ServedRuns } from "./served-run.js";
import { ServedTime } from "./served-time.js";
import { SharedCuts } from "./shared-cuts.js";
import { SideThread } from "./side-thread.js";

const DEFAULT_SLOT_BUDGET = 2 ** 29;

/** What must be closed, last opened first. */
async function disposeAll(resources: readonly AsyncDisposable[]): Promise<void> {
  for (const resource of resources.toReversed()) await resource[Symbol.asyncDispose]();
}

/** `serve`, with what a server needs. */
export async function openDataServer(store: Store | string, options: ServeOptions): Promise<DataServer> {
  const resources: AsyncDisposable[] = [];
  try {
    return await open(store, options, resources);
  } catch (error) {
    await disposeAll(resources);
    throw error;
  }
}

async function open(path: Store | string, options: ServeOptions, resources: AsyncDisposable[]): Promise<DataServer> {
  const { signal, slotBudgetBytes = DEFAULT_SLOT_BUDGET, drainDelayMs = 0, drainTimeoutMs = 10_000 } = options;
  const log = serviceLog(options.logger);
  const keep = <Resource extends AsyncDisposable>(resource: Resource): Resource => {
    resources.push(resource);
    return resource;
  };
  const store = typeof path === "string" ? keep(await openStore(path)) : path;
  const engine = keep(
    await openEngine(store, {
      onWorkerDeath: (deaths) => log({ event: "worker-died", deaths }),
      ...options,
      slotBudgetBytes,
    }),
  );
  // An eighth is for small batches: no stream may keep them all waiting.
  const maxBatchBytes = Math.min(Math.floor((slotBudgetBytes * 7) / 8), LARGEST_ARENA_BYTES);
  const limits = serverLimits(options, maxBatchBytes);
  const { startTimeoutMs = START_TIMEOUT_MS } = options;
  const { maxStreams, maxStreamsOfOnePeer, maxCalls, maxCallsOfOnePeer } = limits;
  const streams = new Admission({ name: "max_streams", most: maxStreams, mostOfPeer: maxStreamsOfOnePeer });
  const calls = new Admission({ name: "max_calls", most: maxCalls, mostOfPeer: maxCallsOfOnePeer });
  const isShort = () => engine.metrics.waitingBatches > 0;
  const cuts = new SharedCuts<ServedLease>({ budgetBytes: slotBudgetBytes, isShort });
  const paces = new Paces();
  const metrics = createMetrics({
    store: store.location,
    engine,
    streams,
    calls,
    cuts,
    paces,
    pause: keep(new EventLoopPause()),
  });
  let closing: Promise<void> | undefined;
  const draining = new AbortController();
  setMaxListeners(0, draining.signal);
  const callsOfConnection = 2 * (maxStreams + maxCalls);
  const server = new Server(serverOptions({ maxMessageBytes: limits.maxMessageBytes, callsOfConnection, log }));
  const health = await addStandardServices(server, "DataService");
  const sideThread = keep(new SideThread({ ...store.dataset, cases: caseTable(store.dataset) }));
  const shares = new FairShares(slotBudgetBytes);
  const runs = new ServedRuns(engine, sideThread, () => {
    cuts.giveBack();
    if (isShort()) shares.takeBack();
  });
  const volumeGate = new ByteGate(slotBudgetBytes);
  const tracing = await openTracing();
  const parts: DataServiceParts = {
    store,
    plansJson: await readPlans(store),
    engine,
    runs,
    sideThread,
    limits,
    metrics,
    log,
    volumeGate,
    shares,
    clientBytes: new ClientBytes(options.clientBytes),
    cuts,
    paces,
    servedTime: new ServedTime(),
    tracing,
    pages: new DatasetPages(store.dataset, packageVersion),
    draining: draining.signal,
    startTimeoutMs,
    offerLane: (caller) => {
      if (lanes === undefined)
        throw new PatchstreamError({ code: "UNSUPPORTED", what: "a lane", want: "gRPC: this server has no lanes" });
      return lanes.offer(caller);
    },
  };
  const handlers = dataService(parts);
  const access = keep(openAccess("DataService", options, log));
  const rules: ImplementOptions = {
    ...access,
    maxMessageBytes: limits.maxMessageBytes,
    admit: (method, peer) => (method === "Stream" ? streams : calls).enter(peer),
    stall: {
      maxStallMs: limits.maxStallMs,
      whenNeeded: {
        maxStallMs: limits.maxStallWhenNeededMs,
        isNeeded: isShort,
      },
    },
    onFailure: (error, call) => {
      metrics.failure(error);
      log(failedCall(error, call));
    },
    onEnd: metrics.callEnded,
  };
  implement(server, "DataService", handlers, rules);
  const scaler = await serveScaler({ paces, isDraining: () => closing !== undefined }, options);
  if (scaler !== undefined) keep(scaler);
  keepFreedMemory();
  const listener = await listen(server, options);
  keep({
    async [Symbol.asyncDispose]() {
      listener[Symbol.dispose]();
      server.forceShutdown();
    },
  });
  const { address } = listener;
  if (listener.certificates) metrics.addCertificate(listener.certificates);
  const endpoint = await serveMetrics(metrics.registry, options);
  if (endpoint !== undefined) keep(endpoint);
  const lanes =
    options.lanePort === "none"
      ? undefined
      : keep(
          await listenForLanes({
            ...options,
            certificates: listener.certificates,
            port: options.lanePort ?? 0,
            mostLanes: limits.maxStreams,
            mostMessageBytes: 2 * limits.maxMessageBytes,
            heartbeatMs: options.laneHeartbeatMs ?? LANE_HEARTBEAT_MS,
            ticketMs: options.laneTicketMs ?? LANE_TICKET_MS,
            ticketTimeoutMs: startTimeoutMs,
            serve: serveCarried("DataService", "stream", handlers, rules),
            onRefused: (error, peer) => {
              metrics.failure(error);
              log(failedCall(error, { method: "OpenLane", peer }));
            },
          }),
        );
  log(startOf("DataService", address, options));

  let resolveClosed: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve;
  });
  const close = async () => {
    health.set("NOT_SERVING");
    log({ event: "draining", delaySeconds: drainDelayMs / 1e3 });
    if (drainDelayMs > 0) await setTimeout(drainDelayMs);
    draining.abort();
    listener[Symbol.dispose]();
    const finished = Promise.all([new Promise<void>((resolve) => server.tryShutdown(() => resolve())), lanes?.close()]);
    log({ event: "listener-closed" });
    await Promise.race([finished, setTimeout(drainTimeoutMs, undefined, { ref: false })]);
    await disposeAll(resources);
    await tracing?.flush().catch(() => undefined); // its SDK logs what it cannot send
    log({ event: "stopped" });
    resolveClosed();
  };
  const drain = () => {
    closing ??= close();
    return closing;
  };
  // It may have been told to stop while it began.
  if (signal?.aborted) void drain();
  else signal?.addEventListener("abort", () => void drain(), { once: true });
  return {
    address,
    laneAddress: lanes?.address,
    metricsAddress: endpoint?.address,
    scalerAddress: scaler?.address,
    drain,
    closed,
    [Symbol.asyncDispose]: drain,
  };
}
