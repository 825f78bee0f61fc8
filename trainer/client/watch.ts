import { setTimeout } from "node:timers/promises";
import { type NextTry, nextTry } from "../../client/transport/retry.js";
import { PatchstreamError } from "../../plan/errors.js";
import { callStream } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { type WatchedEvent, type WatchedInShort, watchedEvent } from "./events.js";
import { ToldEvents } from "./told-events.js";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** Damage is asked for again twice. */
const MOST_DAMAGES = 3;

export interface WatchSettings {
  /** For so long a trainer that was lost is looked for. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** Whether a stream that failed may be opened again, and when. */
class Reconnection {
  readonly #deadlineMs: number;
  #lostMs: number | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #damages = 0;

  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** The stream has come to where the last one was lost. */
  caughtUp(): void {
    this.#lostMs = undefined;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  /** The stream has come further than any before. */
  cameFurther(): void {
    this.#damages = 0;
  }

  /** Milliseconds to wait before the next try; undefined where none would help. */
  pauseAfter(next: NextTry): number | undefined {
    if (next === "never" || next === "elsewhere") return undefined;
    if (next === "again" && ++this.#damages >= MOST_DAMAGES) return undefined;
    this.#lostMs ??= performance.now();
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
    return performance.now() + pauseMs - this.#lostMs > this.#deadlineMs ? undefined : pauseMs;
  }
}

/** What happened in a training in short, then every event until it ends. Throws UNAVAILABLE where the connection is lost. */
export async function* watchInShort(
  channel: Channel,
  training: string,
  { signal }: Pick<WatchSettings, "signal">,
): AsyncGenerator<WatchedInShort, undefined> {
  const options = signal === undefined ? {} : { signal };
  for await (const event of callStream(
    channel,
    "TrainerService",
    "watchTraining",
    { training, inShort: true },
    options,
  ))
    if (event.kind === "steps") yield event;
    else if (event.kind !== undefined) yield watchedEvent(event);
}

/** Every event of a training from its beginning until it ends, each once, also over lost connections. */
export async function* watchTraining(
  channel: Channel,
  training: string,
  { deadlineMs, signal }: WatchSettings,
): AsyncGenerator<WatchedEvent, undefined> {
  const told = new ToldEvents();
  const reconnection = new Reconnection(deadlineMs);
  const options = signal === undefined ? {} : { signal };
  for (;;) {
    told.rewind();
    try {
      for await (const event of callStream(
        channel,
        "TrainerService",
        "watchTraining",
        { training, inShort: false },
        options,
      )) {
        if (event.kind === undefined || event.kind === "steps") continue; // of a newer trainer, or not asked for
        const isNew = told.isNew(event);
        if (told.isCaughtUp) reconnection.caughtUp();
        if (!isNew) continue;
        reconnection.cameFurther();
        yield watchedEvent(event);
      }
      return;
    } catch (error) {
      if (!(error instanceof PatchstreamError) || !channel.contacted || signal?.aborted) throw error;
      const pauseMs = reconnection.pauseAfter(nextTry(error));
      if (pauseMs === undefined) throw error;
      await setTimeout(pauseMs, undefined, options).catch(() => signal?.throwIfAborted());
    }
  }
}
