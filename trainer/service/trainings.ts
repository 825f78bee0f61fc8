import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { StageChanged } from "../../client/types.js";
import { lockFolder } from "../../disk/process-lock.js";
import { makeFolder } from "../../disk/write-file.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Training, TrainingDamage, TrainingState } from "../../proto/messages.js";
import { codeOf, framesOf, type ServiceLog } from "../../rpc/server/service-log.js";
import { networkFor } from "../loop/network-for.js";
import type { AskedStage } from "../loop/stage-requests.js";
import { verifyCheckpoint } from "../run-folder/checkpoint.js";
import { EventLog } from "../run-folder/event-log.js";
import type { TrainingEvent } from "../run-folder/events.js";
import { type TrainingRequest, writeRequest } from "../run-folder/request.js";
import { damageOf, isDamageIn, isRunFolder, openRunFolder } from "../run-folder/run-folder.js";
import { checkNobodyTrains } from "../run-folder/run-lock.js";
import { parseRunSpec, type RunSpec } from "../spec.js";
import { type DataAccess, describeAt } from "./data-servers.js";
import type { TrainingEngines } from "./engines.js";
import { type RunningTraining, startTraining } from "./running-training.js";

const LOCK = { name: ".trainer-lock", doing: "serves this runs folder", hint: "Name another one with --runs" };

/** A training whose files can be read. */
interface Usable {
  readonly id: string;
  readonly folder: string;
  readonly spec: RunSpec;
  readonly events: EventLog;
  request: TrainingRequest;
  state: TrainingState;
  /** Somebody has asked to resume it, and it is being looked at. */
  resuming: boolean;
  running: RunningTraining | undefined;
  /** Resolves when it does not run any more. */
  ended: Promise<void>;
}

/** A training that somebody has to mend, or to remove. */
interface Damaged {
  readonly id: string;
  readonly damage: TrainingDamage;
  readonly known: Usable | undefined;
}

export interface TrainingsOptions {
  readonly runsFolder: string;
  readonly access: DataAccess;
  readonly engines: TrainingEngines;
  /** CPU threads of an engine. */
  readonly threads: number;
  /** Told in one line of trainings that are damaged when the folder is opened. */
  readonly notice: (line: string) => void;
  readonly log: ServiceLog;
  /** Sees every event from now on. */
  readonly observe: (event: TrainingEvent) => void;
}

/** Sorts by time, tells the time, and is no path: 20261123-173207-482-5f1c. */
function idAt(ms: number): string {
  const [date, time, fraction] = new Date(ms).toISOString().replace(/[-:Z]/g, "").split(/[T.]/);
  return `${date}-${time}-${fraction}-${randomBytes(2).toString("hex")}`;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A state in a word: done, running, ... */
const stateName = (state: TrainingState) => state.replace("TRAINING_STATE_", "").toLowerCase();

/**
 * The trainings in a runs folder, one folder each. One at a time runs, in the order of their start, in a process of its own. Of
 * the files in a training's folder this process writes `run.json` and the events, the training's process all others.
 */
export class Trainings implements AsyncDisposable {
  readonly #options: TrainingsOptions;
  readonly #usable = new Map<string, Usable>();
  readonly #damaged = new Map<string, Damaged>();
  readonly #lock: Disposable;
  #queue: Usable[] = [];
  #current: Usable | undefined;
  #closing = false;
  #lastIdMs = 0;

  /** Opens the runs folder, made where there is none, with the trainings of before. */
  constructor(options: TrainingsOptions) {
    this.#options = options;
    const { runsFolder } = options;
    this.#lock = lockFolder(runsFolder, LOCK);
    for (const entry of readdirSync(runsFolder, { withFileTypes: true }))
      if (entry.isDirectory()) this.#open(entry.name, join(runsFolder, entry.name));
  }

  #open(id: string, folder: string): void {
    try {
      if (!isRunFolder(folder)) return;
      const { request, spec, events, state } = openRunFolder(folder);
      this.#add({ id, folder, spec, events, request, state });
    } catch (error) {
      const damage = damageOf(error, folder);
      this.#setDamaged({ id, damage, known: undefined });
      this.#options.notice(`training ${id} is damaged: ${damage.file}: ${damage.reason}`);
    }
  }

  #add(fresh: Pick<Usable, "id" | "folder" | "spec" | "events" | "request" | "state">): Usable {
    const entry = { ...fresh, resuming: false, running: undefined, ended: Promise.resolve() };
    this.#usable.set(entry.id, entry);
    return entry;
  }

  #setDamaged(damaged: Damaged): void {
    const { id, damage } = damaged;
    this.#usable.delete(id);
    this.#damaged.set(id, damaged);
    this.#options.log({ event: "training-damaged", training: id, file: basename(damage.file) });
  }

  #find(id: string): Usable {
    const entry = this.#usable.get(id);
    if (entry) return entry;
    const damage = this.#damaged.get(id)?.damage;
    if (damage) {
      const { file, reason } = damage;
      const hint = "Mend it or remove the training's folder, then start the trainer again.";
      throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: "what the trainer wrote there" }, hint);
    }
    const known = [...this.#usable.keys(), ...this.#damaged.keys()];
    throw new PatchstreamError({ code: "NOT_FOUND", what: "training", name: id, known });
  }

  /** Two trainings that are started in one millisecond keep their order. */
  #newId(): string {
    this.#lastIdMs = Math.max(Date.now(), this.#lastIdMs + 1);
    return idAt(this.#lastIdMs);
  }

  #checkOpen(): void {
    const facts = { address: this.#options.runsFolder, reason: "the trainer is about to end" };
    if (this.#closing) throw new PatchstreamError({ code: "UNAVAILABLE", ...facts });
  }

  /**
   * Queues a new training of `run`, a run spec, once its data servers have described it and its engine has been opened. Throws
   * what is wrong with any of them. Returns its id.
   */
  async start(run: unknown, data: readonly string[]): Promise<string> {
    const { access, engines, runsFolder } = this.#options;
    const spec = parseRunSpec(run);
    const checks = [describeAt(access, data, spec.data), engines.check(spec.training.engine)] as const;
    const [described] = await Promise.all(checks);
    networkFor(described.spec, spec.training, { channels: 1, classes: 1 }); // whose sizes decide nothing of what it refuses
    this.#checkOpen();
    const id = this.#newId();
    const folder = join(runsFolder, id);
    makeFolder(folder);
    const request = { data, run };
    writeRequest(folder, request);
    const events = new EventLog(folder, { ended: false });
    this.#enqueue(this.#add({ id, folder, spec, events, request, state: "TRAINING_STATE_QUEUED" }));
    return id;
  }

  /**
   * Queues a training that has ended, to go on from its last checkpoint; what was told of later steps is forgotten. Empty
   * `data`: with the servers of before. Throws what would make it fail at once: one that is done or runs, a damaged file, data
   * servers that do not answer or serve another run.
   */
  async resume(id: string, data: readonly string[]): Promise<void> {
    const entry = this.#find(id);
    this.#checkResumable(entry);
    entry.resuming = true;
    try {
      checkNobodyTrains(entry.folder);
      const request = data.length === 0 ? entry.request : { ...entry.request, data };
      const step = await this.#checkResumption(entry, request);
      this.#checkOpen();
      if (data.length > 0) writeRequest(entry.folder, request);
      entry.request = request;
      await entry.events.rewindTo(step);
      this.#checkOpen();
      this.#enqueue(entry);
    } catch (error) {
      if (isDamageIn(error, entry.folder))
        this.#setDamaged({ id, damage: damageOf(error, entry.folder), known: entry });
      throw error;
    } finally {
      entry.resuming = false;
    }
  }

  #checkResumable({ id, state, resuming }: Usable): void {
    if (state === "TRAINING_STATE_DONE") {
      const facts = { training: id, state: "is done", reason: "all of its steps are taken" };
      throw new PatchstreamError({ code: "TRAINING_ENDED", ...facts });
    }
    if (resuming || state === "TRAINING_STATE_QUEUED" || state === "TRAINING_STATE_RUNNING") {
      const hint = "Watch it with: patchstream train --watch ID, or stop it.";
      throw new PatchstreamError({ code: "ALREADY_EXISTS", what: "running training", name: id }, hint);
    }
  }

  /** Step that the training would go on from. */
  async #checkResumption({ folder, spec }: Usable, { data }: TrainingRequest): Promise<number> {
    const { access, engines } = this.#options;
    const checkpoint = await verifyCheckpoint(folder);
    const [described] = await Promise.all([
      describeAt(access, data, checkpoint?.spec ?? spec.data),
      engines.check(spec.training.engine),
    ]);
    if (checkpoint !== undefined && checkpoint.digest !== described.digest) {
      const want = `that of the run in the checkpoint, ${checkpoint.digest}`;
      throw new PatchstreamError({ code: "SPEC_INVALID", field: "the run digest", got: described.digest, want });
    }
    return checkpoint?.step ?? 0;
  }

  #enqueue(entry: Usable): void {
    this.#setState(entry, "TRAINING_STATE_QUEUED");
    this.#options.log({ event: "training-queued", training: entry.id });
    this.#queue.push(entry);
    this.#runNext();
  }

  #runNext(): void {
    if (this.#current !== undefined || this.#closing) return;
    const entry = this.#queue.shift();
    if (entry === undefined) return;
    this.#current = entry;
    entry.ended = this.#run(entry).finally(() => {
      this.#current = undefined;
      this.#runNext();
    });
  }

  /** Throws WRITE_FAILED where the event cannot be written down. */
  #tell({ events }: Usable, event: TrainingEvent): void {
    events.append(event);
    this.#options.observe(event);
  }

  #setState(entry: Usable, state: TrainingState, message = ""): void {
    entry.state = state;
    this.#tell(entry, { kind: "state", state: { state, message } });
  }

  /** Sets the state that a training ends in, also where a full disk cannot take it. */
  #end(entry: Usable, state: TrainingState, message = ""): void {
    try {
      this.#setState(entry, state, message);
    } catch (error) {
      this.#logFailure(entry, error);
    }
    entry.events.end();
  }

  #endStopped(entry: Usable): void {
    this.#endWell(entry, this.#closing ? "TRAINING_STATE_INTERRUPTED" : "TRAINING_STATE_STOPPED");
  }

  #endWell(entry: Usable, state: TrainingState): void {
    this.#options.log({ event: "training-ended", training: entry.id, state: stateName(state) });
    this.#end(entry, state);
  }

  #logFailure({ id }: Usable, error: unknown): void {
    this.#options.log({ event: "training-failed", training: id, code: codeOf(error), frames: framesOf(error) });
  }

  async #run(entry: Usable): Promise<void> {
    const { access, engines, threads, log } = this.#options;
    const { id, folder, spec, request } = entry;
    try {
      this.#setState(entry, "TRAINING_STATE_RUNNING");
      const engine = engines.chosen(spec.training.engine);
      entry.running = startTraining(
        id,
        { folder, data: request.data, connection: access.connection, run: spec, engine, threads },
        { emit: (event) => this.#tell(entry, event), log },
      );
      const outcome = await entry.running.ended;
      if (outcome === "done") this.#endWell(entry, "TRAINING_STATE_DONE");
      else this.#endStopped(entry);
    } catch (error) {
      this.#logFailure(entry, error);
      this.#end(entry, "TRAINING_STATE_FAILED", messageOf(error));
      if (isDamageIn(error, folder)) this.#setDamaged({ id, damage: damageOf(error, folder), known: entry });
    } finally {
      entry.running = undefined;
    }
  }

  /** A manual stage transition: resolves when it is decided, which is between two steps. Throws NOT_FOUND where nothing runs. */
  async setStage(id: string, asked: AskedStage): Promise<StageChanged> {
    const { running, state } = this.#find(id);
    if (running !== undefined) return running.setStage(asked);
    const known = [...this.#usable.values()].filter((entry) => entry.running !== undefined).map((entry) => entry.id);
    const facts = { what: "running training", name: id, known };
    throw new PatchstreamError({ code: "NOT_FOUND", ...facts }, `It is ${stateName(state)}.`);
  }

  /** Ends a training after the step in progress, or takes it from the queue; resolves when it has ended. */
  async stop(id: string): Promise<void> {
    const entry = this.#find(id);
    if (this.#queue.includes(entry)) {
      this.#queue = this.#queue.filter((queued) => queued !== entry);
      this.#endStopped(entry);
    } else if (entry.running !== undefined) {
      entry.running.stop();
      await entry.ended;
    }
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
    const usable = [...this.#usable.values()].map((entry): Training => ({ ...inShort(entry), damage: null }));
    const damaged = [...this.#damaged.values()].map(({ id, damage, known }): Training => {
      const short =
        known === undefined ? { id, data: [], dataset: "", stepsTaken: 0, steps: 0, stage: 0 } : inShort(known);
      return { ...short, state: "TRAINING_STATE_DAMAGED", damage };
    });
    return [...usable, ...damaged].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Ends every training after the step in progress; they can be resumed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    for (const entry of this.#queue.splice(0)) this.#endStopped(entry);
    this.#current?.running?.stop();
    await this.#current?.ended;
    this.#lock[Symbol.dispose]();
  }
}

function inShort({ id, state, request, spec }: Usable): Omit<Training, "damage"> {
  return { id, state, data: request.data, dataset: spec.data.dataset, stepsTaken: 0, steps: 0, stage: 0 };
}
