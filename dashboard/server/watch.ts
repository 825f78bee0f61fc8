import { setTimeout } from "node:timers/promises";
import { PatchstreamError } from "../../plan/index.js";
import type { StandingReader } from "../../study/index.js";
import { followFolder, type TrainerClient, TrainingHistory } from "../../trainer/index.js";
import { troubleOf } from "./answers.js";
import type { ServerLooks } from "./data-metrics.js";
import type { EventStream } from "./event-stream.js";

const LIST_MS = 2_000;
const METRICS_MS = 3_000;
const FLEET_MS = 1_000;
const STUDY_MS = 2_000;
/** How often a page is told what has changed. */
const CHANGES_MS = 300;
const AGAIN_MS = 2_000;

export interface Watched {
  /** Undefined: none was named. */
  readonly trainer: TrainerClient | undefined;
  /** Id of the training to tell of; undefined: none. */
  readonly training: string | undefined;
  /** Metrics of data servers; undefined where none were named. */
  readonly looks: ServerLooks | undefined;
  /** The study to tell of; undefined where none was named. */
  readonly study: StandingReader | undefined;
  /** Aborts when the page has gone. */
  readonly signal: AbortSignal;
}

/** Tells a page everything, until it has gone. Nothing is kept: a page that comes again is told all of it again. */
export async function tellPage(stream: EventStream, watched: Watched): Promise<void> {
  const parts = [tellAlive, tellTrainings, tellStudy, tellServers, tellFleet, tellTraining].map((tell) =>
    tell(stream, watched),
  );
  await Promise.all(parts.map((part) => part.catch((error) => leaveOn(watched.signal, error))));
}

function leaveOn(signal: AbortSignal, error: unknown): void {
  if (!signal.aborted) throw error;
}

/** Where a trainer is asked, that is said with its answers. */
async function tellAlive(stream: EventStream, { trainer, signal }: Watched): Promise<void> {
  if (trainer !== undefined) return;
  for (;;) {
    stream.tell({ kind: "alive" });
    await setTimeout(LIST_MS, undefined, { signal });
  }
}

async function tellStudy(stream: EventStream, { study, signal }: Watched): Promise<void> {
  if (study === undefined) return;
  for (let told = ""; ; await setTimeout(STUDY_MS, undefined, { signal })) {
    const event = await study.look().then(
      (standing) => ({ kind: "study" as const, study: standing }),
      (error) => ({ kind: "studyUnread" as const, trouble: troubleOf(error) }),
    );
    const text = JSON.stringify(event);
    if (text !== told && stream.tellLatest(event)) told = text;
  }
}

async function tellTrainings(stream: EventStream, { trainer, signal }: Watched): Promise<void> {
  if (trainer === undefined) return;
  let told = "";
  let troubled = false;
  for (;;) {
    try {
      const trainings = await trainer.list({ signal });
      if (troubled) stream.tell({ kind: "trouble", trouble: null });
      troubled = false;
      const text = JSON.stringify(trainings);
      if (text !== told && stream.tellLatest({ kind: "trainings", trainings })) told = text;
    } catch (error) {
      signal.throwIfAborted();
      troubled = true;
      stream.tell({ kind: "trouble", trouble: troubleOf(error) });
    }
    stream.tell({ kind: "alive" });
    await setTimeout(LIST_MS, undefined, { signal });
  }
}

async function tellServers(stream: EventStream, { looks, signal }: Watched): Promise<void> {
  if (looks === undefined) return;
  for (let last = await looks.look(); ; ) {
    await setTimeout(METRICS_MS, undefined, { signal });
    const now = await looks.look();
    stream.tellLatest({ kind: "servers", servers: looks.figures(last, now) });
    last = now;
  }
}

async function tellFleet(stream: EventStream, { trainer, training, signal }: Watched): Promise<void> {
  if (training === undefined || trainer === undefined) return;
  for (let isTold = false; ; await setTimeout(FLEET_MS, undefined, { signal })) {
    try {
      const { fleet = null } = await trainer.describe(training, { signal });
      if ((fleet !== null || isTold) && stream.tellLatest({ kind: "fleet", fleet })) isTold = fleet !== null;
    } catch {
      signal.throwIfAborted(); // what else is wrong with the trainer, the list says
    }
  }
}

async function tellTraining(stream: EventStream, watched: Watched): Promise<void> {
  const { trainer, training, study, signal } = watched;
  if (training === undefined) return;
  const folder = study?.folderOf(training);
  if (folder !== undefined) return await tellKept(stream, { training, folder, signal });
  if (trainer === undefined) return;
  for (;;) {
    const history = new TrainingHistory();
    stream.tell({ kind: "begin", training });
    const flush = () => tellChange(stream, history);
    const timer = setInterval(flush, CHANGES_MS);
    try {
      for await (const event of trainer.watchInShort(training, { signal })) history.add(event);
      clearInterval(timer);
      while (stream.isBehind) await setTimeout(CHANGES_MS, undefined, { signal });
      flush();
      stream.tell({ kind: "ended" });
      return;
    } catch (error) {
      signal.throwIfAborted();
      const trouble = troubleOf(error);
      stream.tell({ kind: "unwatched", trouble });
      if (error instanceof PatchstreamError && ["NOT_FOUND", "INPUT_DAMAGED"].includes(error.facts.code)) return;
      await setTimeout(AGAIN_MS, undefined, { signal });
    } finally {
      clearInterval(timer);
    }
  }
}

/** Tells what has changed, but not to a page that is behind: that is told together later. */
function tellChange(stream: EventStream, history: TrainingHistory): void {
  const change = stream.isBehind ? undefined : history.take();
  if (change !== undefined) stream.tell({ kind: "change", change });
}

/** A training of the study's own trainer, which is another process: what it writes is read. */
async function tellKept(
  stream: EventStream,
  { training, folder, signal }: { training: string; folder: string; signal: AbortSignal },
): Promise<void> {
  let history = new TrainingHistory();
  stream.tell({ kind: "begin", training });
  try {
    for await (const read of followFolder(folder, { everyMs: CHANGES_MS, signal })) {
      if (read === "begins anew") history = new TrainingHistory();
      else if (read !== "caught up") for (const event of read) history.add(event);
      else tellChange(stream, history);
    }
  } catch (error) {
    signal.throwIfAborted();
    stream.tell({ kind: "unwatched", trouble: troubleOf(error) });
  }
}
