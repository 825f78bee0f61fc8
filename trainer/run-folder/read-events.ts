import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { checkNamedFolder } from "../../disk/read-file.js";
import { PatchstreamError } from "../../plan/errors.js";
import { type WatchedEvent, watchedEvent } from "../client/events.js";
import { EVENTS_FILE } from "./event-log.js";
import type { TrainingEvent } from "./events.js";
import { parseJsonLine } from "./json-lines.js";
import { type Line, LineReader } from "./line-reader.js";

/**
 * What has happened until now in the training whose folder this is, event by event; its trainer may go on meanwhile. A line that is being
 * written is left out. Throws INPUT_DAMAGED naming the folder, or the line that does not parse.
 */
export async function* readEvents(folder: string): AsyncGenerator<WatchedEvent> {
  checkNamedFolder(folder, "the folder of a training");
  const path = join(folder, EVENTS_FILE);
  if (!existsSync(path)) {
    const facts = { file: folder, reason: `it holds no ${EVENTS_FILE}`, want: "the folder of a training" };
    throw new PatchstreamError(
      { code: "INPUT_DAMAGED", ...facts },
      "A trainer keeps one for each, in its --runs folder.",
    );
  }
  await using file = await open(path);
  const lines = new LineReader(file);
  for (let read = await lines.next(); read !== undefined; read = await lines.next()) yield* eventsOf(read, path);
}

/** The events on lines of the file at `path`, in words. Throws INPUT_DAMAGED for a line that does not parse. */
export function eventsOf(lines: readonly Line[], path: string): WatchedEvent[] {
  return lines.map(({ text, number }) => watchedEvent(parseJsonLine<TrainingEvent>(text, path, `line ${number}`)));
}
