import type { InferenceSession } from "onnxruntime-node";
import { machineBytes } from "../../../disk/machine-memory.js";
import { encodeModel, type Graph } from "./model-proto.js";
import { peakBytes } from "./peak-memory.js";
import type { OnnxRuntime } from "./runtime.js";

/** Of a session besides its values: the graph, and what the runtime makes of it. Measured: 24 to 29 MiB a training step. */
const GRAPH_BYTES = 28 * 2 ** 20;

/** An arena grows in powers of two and keeps what it grew to. Measured: 1.8 to 2.0 times the values that live together. */
const ARENA_SHARE = 2;

/** Part of the machine's, or the container's, memory that sessions may keep between their runs. */
const BUDGET_SHARE = 0.25;

interface Kept {
  readonly session: InferenceSession;
  /** Held between two runs. */
  readonly bytes: number;
  /** The values of its largest run stay with it, for the next run to use. */
  readonly arena: boolean;
}

/** Bytes that sessions may keep where nobody says how many. */
export function defaultSessionBytes(): number {
  return BUDGET_SHARE * machineBytes();
}

/** Bytes that a session of `graph` keeps between its runs, as long as it has an arena. */
export function keptBytes(graph: Graph): number {
  return GRAPH_BYTES + ARENA_SHARE * peakBytes(graph);
}

/**
 * Sessions by a key of what they compute, kept under a budget of memory. Making one takes as long as several steps. The least
 * recently used is released when all together would keep more than the budget, but never the newest two: a stage's steps and
 * predictions. One that is needed again after that, as where each step draws its stage, is made without an arena: its runs take
 * about a quarter longer, and it keeps so little that it need not be released.
 */
export class SessionCache implements AsyncDisposable {
  readonly #runtime: OnnxRuntime;
  readonly #threads: number;
  readonly #budgetBytes: number;
  readonly #sessions = new Map<string, Kept>();
  readonly #released = new Set<string>();

  constructor(runtime: OnnxRuntime, { threads, budgetBytes }: { threads: number; budgetBytes: number }) {
    this.#runtime = runtime;
    this.#threads = threads;
    this.#budgetBytes = budgetBytes;
  }

  /** The session of `key`, made from `build()` unless it is kept already. */
  async get(key: string, build: () => Graph): Promise<InferenceSession> {
    const kept = this.#sessions.get(key) ?? (await this.#open(build(), !this.#released.has(key)));
    this.#sessions.delete(key);
    this.#sessions.set(key, kept);
    await this.#release(key);
    return kept.session;
  }

  /** Releases what is over the budget; those with an arena first, for they free the most. */
  async #release(newest: string): Promise<void> {
    const all = [...this.#sessions];
    const spare = all.slice(0, -2).filter(([key]) => key !== newest);
    let bytes = all.reduce((sum, [, kept]) => sum + kept.bytes, 0);
    for (const [key, { session, bytes: own }] of spare.toSorted(([, a], [, b]) => Number(b.arena) - Number(a.arena))) {
      if (bytes <= this.#budgetBytes) return;
      bytes -= own;
      this.#sessions.delete(key);
      this.#released.add(key);
      await session.release();
    }
  }

  async #open(graph: Graph, arena: boolean): Promise<Kept> {
    const session = await this.#runtime.ort.InferenceSession.create(encodeModel(graph), {
      executionProviders: [this.#runtime.provider],
      intraOpNumThreads: this.#threads,
      interOpNumThreads: 1,
      enableCpuMemArena: arena,
      // On a processor its passes over the graph are two thirds of making a session, and no step is faster for them (measured).
      graphOptimizationLevel: this.#runtime.provider === "cpu" ? "disabled" : "all",
      enableMemPattern: false, // with it the first run and the later ones have memory of their own: twice as much
      // Threads that wait would otherwise spin, on the cores that a data server on the same machine needs.
      extra: { session: { intra_op: { allow_spinning: "0" } } },
    });
    return { session, arena, bytes: arena ? keptBytes(graph) : GRAPH_BYTES };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { session } of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }
}
