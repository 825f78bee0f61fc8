import type { ListenOptions } from "../../rpc/server/listen.js";
import type { MetricsOptions } from "../../rpc/server/metrics-endpoint.js";
import type { Store } from "../dataset/store.js";
import type { EngineOptions } from "../engine/engine.js";
import type { LimitOptions } from "./limits.js";
import type { ScalerOptions } from "./scaler/external-scaler.js";

/** Where a data server listens, whom it serves, and what it may use. */
export interface ServeOptions extends ListenOptions, MetricsOptions, ScalerOptions, EngineOptions, LimitOptions {
  /** Milliseconds for which a stream may be without its Start; then it ends. Default 10 seconds. */
  readonly startTimeoutMs?: number;
  /** Where lanes are taken, beside gRPC. Default 0: any free port. `none`: there are no lanes. */
  readonly lanePort?: number | "none";
  /** Milliseconds of silence after which both sides of a lane say that they live. Default 10,000. */
  readonly laneHeartbeatMs?: number;
  /** Milliseconds for which a lane's ticket is good. Default 10,000. */
  readonly laneTicketMs?: number;
  /** Milliseconds for which everything goes on after health has turned NOT_SERVING, so that load balancers take note. Default 0. */
  readonly drainDelayMs?: number;
  /** Milliseconds that batches in flight get when the server drains. Default 10,000. */
  readonly drainTimeoutMs?: number;
  /** Drains the server when it aborts. */
  readonly signal?: AbortSignal;
}

/** A running data server. Disposing it drains it. */
export interface DataServer extends AsyncDisposable {
  /** host:port or unix:/path that it listens on. */
  readonly address: string;
  /** host:port or unix:/path of the lanes; undefined where there are none. */
  readonly laneAddress: string | undefined;
  /** host:port of the metrics, where they were asked for. */
  readonly metricsAddress: string | undefined;
  /** host:port of KEDA's external scaler, where it was asked for. */
  readonly scalerAddress: string | undefined;
  /**
   * Health turns NOT_SERVING. After `drainDelayMs` nobody can connect any more, batches in flight are finished, wants that have not
   * begun are dropped; then it closes.
   */
  drain(): Promise<void>;
  /** Resolves when the server has closed. */
  readonly closed: Promise<void>;
}

/**
 * Serves a store (or the one at a path) as patchstream.v1.DataService, with grpc.health.v1 and reflection. Loads what only a server
 * needs when it is called: a process that reads a store or asks a server starts sooner without it.
 */
export async function serve(store: Store | string, options: ServeOptions = {}): Promise<DataServer> {
  options.signal?.throwIfAborted();
  const { openDataServer } = await import("./data-server.js");
  return openDataServer(store, options);
}
