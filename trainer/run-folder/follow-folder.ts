import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { WatchedEvent } from "../client/events.js";
import { EVENTS_FILE } from "./event-log.js";
import { LineReader } from "./line-reader.js";
import { eventsOf } from "./read-events.js";

export interface FollowOptions {
  /** Between two looks at a history whose end was reached. */
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** Events; or that all that is there has been told; or that the training was taken up again at an earlier step, and its history begins anew. */
export type Followed = readonly WatchedEvent[] | "caught up" | "begins anew";

/**
 * What happens in the training whose folder this is, a few events at a time: what has happened until now, then what its trainer, in another
 * process, writes there. Throws INPUT_DAMAGED for a line that does not parse, and an AbortError when `signal` aborts.
 */
export async function* followFolder(
  folder: string,
  { everyMs, signal }: FollowOptions,
): AsyncGenerator<Followed, never> {
  const path = join(folder, EVENTS_FILE);
  for (;;) {
    await using file = await openIfThere(path);
    if (file === undefined) {
      yield "caught up";
      await setTimeout(everyMs, undefined, { signal });
      continue;
    }
    const lines = new LineReader(file);
    while (await lines.isUnchanged()) {
      const read = await lines.next();
      signal.throwIfAborted();
      if (read !== undefined) {
        yield eventsOf(read, path);
        continue;
      }
      yield "caught up";
      await setTimeout(everyMs, undefined, { signal });
    }
    yield "begins anew";
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}
