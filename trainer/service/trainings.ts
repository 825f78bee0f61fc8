import { join } from "node:path";
import type { StageChanged } from "../../client/types.js";
import { lockFolder } from "../../disk/process-lock.js";
import { makeFolder } from "../../disk/write-file.js";
import { canonicalJson } from "../../plan/canonical-json.js";
import { PatchstreamError, refuseRequest } from "../../plan/errors.js";
import type { Training } from "../../proto/messages.js";
import { codeOf } from "../../rpc/server/service-log.js";
import { defaultSessionBytes } from "../engines/onnx/sessions.js";
import { HistoryInShort } from "../history/history-in-short.js";
import type { AskedStage } from "../loop/stage-requests.js";
import { resumePoint } from "../run-folder/checkpoint.js";
import { EventLog } from "../run-folder/event-log.js";
import type { ToldEvent } from "../run-folder/events.js";
import { type TrainingRequest, writeRequest } from "../run-folder/request.js";
import { isDamageIn } from "../run-folder/run-folder.js";
import { checkNobodyTrains } from "../run-folder/run-lock.js";
import { parseRunSpec } from "../spec.js";
import { stateWord } from "../state-words.js";
import { checkNew, checkResumption, type StartChecks } from "./check-start.js";
import type { TrainingNeed } from "./estimate-memory.js";
import type { KnownTraining } from "./known-training.js";
import { KnownTrainings, type KnownTrainingsOptions } from "./known-trainings.js";
import { type SeenFleet, startTraining } from "./running-training.js";
import { TrainingIds } from "./training-ids.js";
import { Turns } from "./turns.js";

const LOCK = { name: ".trainer-lock", doing: "serves this runs folder", hint: "Name another one with --runs" };

export interface TrainingsOptions extends KnownTrainingsOptions, StartChecks {
  /** How many run at the same time. */
  readonly trainings: number;
  /** CPU threads of the engine of each. */
  readonly threadsEach: number;
}

/**
 * The trainings in a runs folder, one folder each. They run in the order of their start, as many at a time as there are places and memory for,
 * each in a process of its own. Of the files in a training's folder this process writes `run.json` and the events, the training's
 * process all others.
 */
export class Trainings implements AsyncDisposable {
  readonly #options: TrainingsOptions;
  readonly #lock: Disposable;
  readonly #known: KnownTrainings;
  readonly #turns: Turns<KnownTraining>;
  readonly #ids = new TrainingIds();
  /** By key, while they are looked at. */
  readonly #starting = new Map<string, Promise<string>>();
  #closing = false;

  /** Opens the runs folder, made where there is none, with the trainings of before. */
  constructor(options: TrainingsOptions) {
    this.#options = options;
    this.#lock = lockFolder(options.runsFolder, LOCK);
    this.#known = new KnownTrainings(options);
    const begin = (training: KnownTraining, bytes: number) => {
      training.ended = this.#run(training, bytes);
      return training.ended;
    };
    this.#turns = new Turns({ places: options.trainings, memory: options.memory, begin });
  }

  #checkOpen(): void {
    const facts = { address: this.#options.runsFolder, reason: "the trainer is about to end" };
    if (this.#closing)
      throw new PatchstreamError({ code: "UNAVAILABLE", ...facts }, "Ask again when it has started anew.");
  }

  /**
   * Queues a new training of `run`, a run spec, once its data servers have described it and its engine has been opened. Throws
   * what is wrong with any of them, and LIMIT_EXCEEDED where it would never fit into the memory. Returns its id. Of all starts with one
   * `key` the first one starts a training, the others are answered with it; REQUEST_INVALID for a key of another run.
   */
  async start(run: unknown, data: readonly string[], key = ""): Promise<string> {
    if (key === "") return this.#startNew({ data, run });
    for (let other = this.#starting.get(key); other; other = this.#starting.get(key))
      await other.catch(() => undefined); // its own caller is told
    const known = this.#known.startedAs(key);
    if (known !== undefined) {
      if (canonicalJson(known.request.run) === canonicalJson(run)) return known.id;
      refuseRequest("key", key, `another one: training ${known.id} has it, of another run spec`);
    }
    const starting = this.#startNew({ data, run, key });
    this.#starting.set(key, starting);
    return starting.finally(() => this.#starting.delete(key));
  }

  async #startNew(request: TrainingRequest): Promise<string> {
    const { data, run } = request;
    const spec = parseRunSpec(run);
    const need = await checkNew(spec, data, this.#options);
    this.#checkOpen();
    const id = this.#ids.next();
    const folder = join(this.#options.runsFolder, id);
    makeFolder(folder);
    writeRequest(folder, request);
    const events = new EventLog(folder, { ended: false });
    const training = this.#known.add({ id, folder, spec, events, request, state: "TRAINING_STATE_QUEUED" });
    this.#enqueue(training, need);
    return id;
  }

  /**
   * Queues a training that has ended, to go on from its last checkpoint; what was told of later steps is forgotten. Empty
   * `data`: with the servers of before. Throws what would make it fail at once: one that is done or runs, a damaged file, data
   * servers that do not answer or serve another run, memory into which it would never fit.
   */
  async resume(id: string, data: readonly string[]): Promise<void> {
    const training = this.#known.find(id);
    checkResumable(training);
    training.resuming = true;
    try {
      checkNobodyTrains(training.folder);
      const request = data.length === 0 ? training.request : { ...training.request, data };
      const { checkpoint, need } = await checkResumption(training, request, this.#options);
      this.#checkOpen();
      if (data.length > 0) writeRequest(training.folder, request);
      training.request = request;
      await training.rewindTo(resumePoint(checkpoint));
      this.#checkOpen();
      this.#enqueue(training, need);
    } catch (error) {
      if (isDamageIn(error, training.folder)) this.#known.setDamaged(training, error);
      throw error;
    } finally {
      training.resuming = false;
    }
  }

  #enqueue(training: KnownTraining, need: TrainingNeed): void {
    training.need = need;
    training.enter("TRAINING_STATE_QUEUED");
    this.#options.log({ event: "training-queued", training: training.id });
    this.#turns.add(training);
  }

  #endStopped(training: KnownTraining): void {
    training.endWell(this.#closing ? "TRAINING_STATE_INTERRUPTED" : "TRAINING_STATE_STOPPED");
  }

  /** Runs a training whose turn it is in its process, with `bytes` of memory; never throws. */
  async #run(training: KnownTraining, bytes: number): Promise<void> {
    const { access, engines, threadsEach, log } = this.#options;
    const { id, folder, spec, request, need } = training;
    try {
      training.enter("TRAINING_STATE_RUNNING");
      const engine = engines.chosen(spec.training.engine);
      const keptBytes = Math.min(defaultSessionBytes(), need.keptBytes + bytes - need.bytes);
      const { connection } = access;
      const job = { folder, data: request.data, connection, run: spec, engine, threads: threadsEach, keptBytes };
      training.running = startTraining(id, job, { emit: (event) => training.tell(event), log });
      const outcome = await training.running.ended;
      if (outcome === "done") training.endWell("TRAINING_STATE_DONE");
      else this.#endStopped(training);
    } catch (error) {
      training.logFailure(error);
      const message = error instanceof Error ? error.message : String(error);
      training.end("TRAINING_STATE_FAILED", { message, code: codeOf(error) });
      if (isDamageIn(error, folder)) this.#known.setDamaged(training, error);
    } finally {
      training.running = undefined;
    }
  }

  /** A manual stage transition: resolves when it is decided, which is between two steps. Throws NOT_FOUND where nothing runs. */
  async setStage(id: string, asked: AskedStage): Promise<StageChanged> {
    const { running, state } = this.#known.find(id);
    if (running !== undefined) return running.setStage(asked);
    const known = this.#known.running().map((training) => training.id);
    const facts = { what: "running training", name: id, known };
    throw new PatchstreamError({ code: "NOT_FOUND", ...facts }, `It is ${stateWord(state)}.`);
  }

  /** Ends a training after the step in progress, or takes it from the queue; resolves when it has ended. */
  async stop(id: string): Promise<void> {
    const training = this.#known.find(id);
    if (this.#turns.remove(training)) this.#endStopped(training);
    else if (training.running !== undefined) {
      training.running.stop();
      await training.ended;
    }
  }

  /** Everything that happened in a training, or that in short, then what happens, until it ends; throws an AbortError when `signal` aborts. */
  follow(id: string, inShort: boolean, signal: AbortSignal): AsyncGenerator<ToldEvent> {
    const { events } = this.#known.find(id);
    return inShort ? events.followInShort(signal, new HistoryInShort()) : events.follow(signal);
  }

  /** Folder of a training, where its checkpoints lie, and the data servers it was last given. */
  place(id: string): { readonly folder: string; readonly data: readonly string[] } {
    const { folder, request } = this.#known.find(id);
    return { folder, data: request.data };
  }

  /**
   * What a training was started with, and how its data servers do; `fleet` is undefined where it does not run. Throws NOT_FOUND, or
   * INPUT_DAMAGED for one that is damaged.
   */
  describe(id: string): { readonly request: TrainingRequest; readonly fleet: SeenFleet | undefined } {
    const { request, running } = this.#known.find(id);
    return { request, fleet: running?.fleet };
  }

  /** Oldest first. */
  list(): Training[] {
    return this.#known.list();
  }

  /** Ends every training after the step in progress; they can be resumed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    for (const waiting of this.#turns.close()) this.#endStopped(waiting);
    for (const { running } of this.#known.running()) running?.stop();
    await this.#turns.over();
    this.#lock[Symbol.dispose]();
  }
}

function checkResumable({ id, state, resuming }: KnownTraining): void {
  if (state === "TRAINING_STATE_DONE") {
    const facts = { training: id, state: "is done", reason: "all of its steps are taken" };
    throw new PatchstreamError({ code: "TRAINING_ENDED", ...facts }, "Start another one: it does not go on.");
  }
  if (resuming || state === "TRAINING_STATE_QUEUED" || state === "TRAINING_STATE_RUNNING") {
    const hint = "Watch it with: patchstream train --watch ID, or stop it.";
    throw new PatchstreamError({ code: "ALREADY_EXISTS", what: "running training", name: id }, hint);
  }
}
