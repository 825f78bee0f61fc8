import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { StageChanged } from "../../client/types.js";
import { lockFolder } from "../../disk/process-lock.js";
import { PatchstreamError, refuse } from "../../plan/errors.js";
import type { Training, TrainingState } from "../../proto/messages.js";
import type { StageRequest } from "../loop/loop.js";
import { runTraining, type TrainerSettings } from "../loop/training.js";
import { readCheckpoint } from "../run-folder/checkpoint.js";
import { EventLog } from "../run-folder/event-log.js";
import type { TrainingEvent } from "../run-folder/events.js";
import { replaceJsonLines } from "../run-folder/json-lines.js";
import { parseRunSpec } from "../spec.js";

const REQUEST_FILE = "run.json";

const LOCK = { name: ".trainer-lock", doing: "serves this runs folder", hint: "Name another one with --runs" };

/** What a training was started with, kept in its folder. */
interface TrainingRequest {
  readonly data: readonly string[];
  /** The run spec as it was sent. */
  readonly run: unknown;
}

interface Entry {
  readonly id: string;
  /** Name of the data set. */
  readonly dataset: string;
  readonly folder: string;
  readonly events: EventLog;
  request: TrainingRequest;
  state: TrainingState;
  stop: AbortController;
  readonly stageRequests: StageRequest[];
  /** Resolves when the training has ended, however it did. */
  ended: Promise<void>;
}

/** Sorts by time, tells the time, and is no path: 20261123-173207-5f1c07. */
function newId(now: Date): string {
  const [date, time] = now.toISOString().replace(/[-:]/g, "").split(/[T.]/);
  return `${date}-${time}-${randomBytes(3).toString("hex")}`;
}

/** How a training stands that nothing runs: as its last event says, unless that was cut short. */
function stateAtRest(last: TrainingEvent | undefined): TrainingState {
  const state = last?.kind === "state" ? last.state.state : "TRAINING_STATE_RUNNING";
  const unfinished = state === "TRAINING_STATE_RUNNING" || state === "TRAINING_STATE_QUEUED";
  return unfinished ? "TRAINING_STATE_INTERRUPTED" : state;
}

/** The request in a training's folder; undefined where the folder is no training's. Throws INPUT_DAMAGED. */
function readRequest(folder: string): TrainingRequest | undefined {
  const file = join(folder, REQUEST_FILE);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as TrainingRequest;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new PatchstreamError({
      code: "INPUT_DAMAGED",
      file,
      reason: messageOf(error),
      want: "what start wrote there",
    });
  }
}

function checkAddresses(data: readonly string[]): void {
  if (data.length === 0 || data.includes(""))
    throw new PatchstreamError({
      code: "SPEC_INVALID",
      field: "data",
      got: data,
      want: "host:port of one data server or more",
    });
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The trainings in a runs folder, one folder each. One at a time runs, in the order of their start. */
export class Trainings implements AsyncDisposable {
  readonly #runsFolder: string;
  readonly #settings: TrainerSettings;
  readonly #observe: (event: TrainingEvent) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #lock: Disposable;
  #turn: Promise<void> = Promise.resolve();
  #closing = false;

  /** Opens `runsFolder`, made where there is none, with the trainings of before; `observe` sees every event from now on. */
  constructor(runsFolder: string, settings: TrainerSettings, observe: (event: TrainingEvent) => void) {
    this.#runsFolder = runsFolder;
    this.#settings = settings;
    this.#observe = observe;
    this.#lock = lockFolder(runsFolder, LOCK);
    for (const id of readdirSync(runsFolder).sort()) {
      const folder = join(runsFolder, id);
      const request = readRequest(folder);
      if (!request) continue;
      const { dataset } = parseRunSpec(request.run).data;
      const events = new EventLog(folder, { ended: true });
      this.#add({ id, dataset, folder, events, request, state: stateAtRest(events.readLast()) });
    }
  }

  #add(fresh: Pick<Entry, "id" | "dataset" | "folder" | "events" | "request" | "state">): Entry {
    const entry = { ...fresh, stop: new AbortController(), stageRequests: [], ended: Promise.resolve() };
    this.#entries.set(entry.id, entry);
    return entry;
  }

  #find(id: string): Entry {
    const entry = this.#entries.get(id);
    const known = [...this.#entries.keys()];
    if (!entry) throw new PatchstreamError({ code: "NOT_FOUND", what: "training", name: id, known });
    return entry;
  }

  /** Queues a new training of `run`, a run spec. Throws SPEC_INVALID. Returns its id. */
  start(run: unknown, data: readonly string[]): string {
    const { dataset, deepSupervision } = parseRunSpec(run).data;
    if (deepSupervision) {
      const want = "false to be trained here: no network of this trainer has its outputs";
      refuse("data.deepSupervision", deepSupervision, want);
    }
    checkAddresses(data);
    const id = newId(new Date());
    const folder = join(this.#runsFolder, id);
    mkdirSync(folder);
    const request = { data, run };
    replaceJsonLines(join(folder, REQUEST_FILE), [request]);
    const events = new EventLog(folder, { ended: false });
    this.#enqueue(this.#add({ id, dataset, folder, events, request, state: "TRAINING_STATE_QUEUED" }));
    return id;
  }

  /**
   * Queues a training that has ended, to go on from its last checkpoint; what was told of later steps is forgotten. Empty
   * `data`: with the servers of before. Throws INPUT_DAMAGED for a damaged checkpoint.
   */
  async resume(id: string, data: readonly string[]): Promise<void> {
    const entry = this.#find(id);
    const checkpoint = await readCheckpoint(entry.folder);
    if (entry.state === "TRAINING_STATE_QUEUED" || entry.state === "TRAINING_STATE_RUNNING")
      throw new PatchstreamError(
        { code: "ALREADY_EXISTS", what: "running training", name: id },
        "Watch it with: patchstream train --watch ID, or stop it.",
      );
    if (data.length > 0) {
      checkAddresses(data);
      entry.request = { ...entry.request, data };
      replaceJsonLines(join(entry.folder, REQUEST_FILE), [entry.request]);
    }
    entry.stop = new AbortController();
    entry.events.rewindTo(checkpoint?.step ?? 0);
    this.#enqueue(entry);
  }

  #enqueue(entry: Entry): void {
    this.#setState(entry, "TRAINING_STATE_QUEUED");
    entry.ended = this.#turn
      .then(() => this.#run(entry))
      .catch((error) => this.#settings.notice(`${entry.id}: ${messageOf(error)}`));
    this.#turn = entry.ended;
  }

  #setState(entry: Entry, state: TrainingState, message = ""): void {
    entry.state = state;
    this.#tell(entry, { kind: "state", state: { state, message } });
  }

  #tell({ events }: Entry, event: TrainingEvent): void {
    events.append(event);
    this.#observe(event);
  }

  async #run(entry: Entry): Promise<void> {
    const { folder, events, request, stageRequests } = entry;
    const { signal } = entry.stop;
    const stopped = () => (this.#closing ? "TRAINING_STATE_INTERRUPTED" : "TRAINING_STATE_STOPPED");
    try {
      if (signal.aborted) return this.#setState(entry, stopped());
      this.#setState(entry, "TRAINING_STATE_RUNNING");
      const outcome = await runTraining({
        ...this.#settings,
        folder,
        data: request.data,
        run: parseRunSpec(request.run),
        emit: (event) => this.#tell(entry, event),
        takeStageRequests: () => stageRequests.splice(0),
        signal,
      });
      this.#setState(entry, outcome === "done" ? "TRAINING_STATE_DONE" : stopped());
    } catch (error) {
      if (signal.aborted) this.#setState(entry, stopped());
      else this.#setState(entry, "TRAINING_STATE_FAILED", messageOf(error));
    } finally {
      events.end();
      for (const { reject } of stageRequests.splice(0)) reject(this.#notRunning(entry));
    }
  }

  #notRunning({ id, state }: Entry): PatchstreamError {
    const running = [...this.#entries.values()].filter((entry) => entry.state === "TRAINING_STATE_RUNNING");
    const known = running.map((entry) => entry.id);
    const stands = state.replace("TRAINING_STATE_", "").toLowerCase();
    return new PatchstreamError({ code: "NOT_FOUND", what: "running training", name: id, known }, `It is ${stands}.`);
  }

  /** A manual stage transition: resolves when it holds, which is between two steps. */
  setStage(id: string, proposal: Pick<StageRequest, "stage" | "fromStep" | "hold">): Promise<StageChanged> {
    const entry = this.#find(id);
    if (entry.state !== "TRAINING_STATE_RUNNING") throw this.#notRunning(entry);
    return new Promise((resolve, reject) => entry.stageRequests.push({ ...proposal, resolve, reject }));
  }

  /** Ends a training after the step in progress; resolves when it has ended. */
  async stop(id: string): Promise<void> {
    const entry = this.#find(id);
    entry.stop.abort();
    await entry.ended;
  }

  /** Everything that happened in a training, then what happens, until it ends; throws an AbortError when `signal` aborts. */
  follow(id: string, signal: AbortSignal): AsyncGenerator<TrainingEvent> {
    return this.#find(id).events.follow(signal);
  }

  /** Folder of a training, where its checkpoint lies, and the data servers it was last given. */
  place(id: string): { readonly folder: string; readonly data: readonly string[] } {
    const { folder, request } = this.#find(id);
    return { folder, data: request.data };
  }

  /** Oldest first. */
  list(): Training[] {
    return [...this.#entries.values()].map(({ id, state, request, dataset }) => ({
      id,
      state,
      data: request.data,
      dataset,
    }));
  }

  /** Ends every training after the step in progress; they can be resumed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    for (const { stop } of this.#entries.values()) stop.abort();
    await this.#turn;
    this.#lock[Symbol.dispose]();
  }
}
