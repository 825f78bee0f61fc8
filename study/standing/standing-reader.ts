import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { checkNamedFolder, readNamedFile, readNamedJson } from "../../disk/index.js";
import { PatchstreamError } from "../../plan/index.js";
import { connectTrainer, readTrainingOnDisk, type TrainerClient, type TrainingInShort } from "../../trainer/index.js";
import type { StartedRun } from "../run-result.js";
import { OWN_TRAINER } from "../runner/places.js";
import { StudyFolder } from "../runner/study-folder.js";
import { runsOf, type StudyRun } from "../spec/grid.js";
import { parseStudySpec } from "../spec/parse-study.js";
import { doneRun, type StudyRunStanding, type StudyStanding, secondsLeft } from "./study-standing.js";

/** A trainer that does not answer for so long is not waited for. */
const PATIENCE_MS = 3_000;

/** What a trainer says of its trainings, by id; or why it does not. */
type Answer = ReadonlyMap<string, TrainingInShort> | string;

/** By address of the trainer. */
type Told = ReadonlyMap<string, Answer>;

/**
 * Looks at a study from outside, while it runs or not: reads its folder, asks the trainers that its document names, and changes nothing.
 * Disposing it closes the connections.
 */
export class StandingReader implements AsyncDisposable {
  readonly #folder: StudyFolder;
  readonly #trainers = new Map<string, TrainerClient>();
  /** Results do not change once they are there. */
  readonly #done = new Map<string, StudyRunStanding>();

  /** Throws INPUT_DAMAGED where `folder` is not that of a study that was begun. */
  constructor(folder: string) {
    checkNamedFolder(folder, "the folder of a study that was begun");
    this.#folder = new StudyFolder(resolve(folder));
    this.#readSpec();
  }

  /** Throws INPUT_DAMAGED for a study's document that does not read any more. A run whose files do not is damaged. */
  async look(): Promise<StudyStanding> {
    const { spec, runs: planned } = this.#readSpec();
    const told = await this.#ask(spec.trainers);
    const runs = planned.map((run) => this.#look(run, told));
    const seconds = secondsLeft(runs, Math.max(1, spec.trainers.length) * spec.atOnce);
    const report = statSync(this.#folder.reportFile, { throwIfNoEntry: false });
    return {
      name: basename(this.#folder.path),
      runs,
      ...(seconds !== undefined && { secondsLeft: seconds }),
      ...(report && { reportMs: report.mtimeMs }),
    };
  }

  /** The study's report as HTML: the one that was written last. Throws NOT_FOUND where there is none. */
  readReport(): Buffer {
    const { path, reportFile } = this.#folder;
    if (existsSync(reportFile)) return readNamedFile(reportFile, "the report of a study");
    const facts = { what: "report of the study", name: basename(path), known: [] };
    throw new PatchstreamError({ code: "NOT_FOUND", ...facts }, `Write it with: patchstream study ${path} --report`);
  }

  /** Where the study's own trainer keeps this training. Undefined for one that it has not begun, or whose files do not read: `look` says why. */
  folderOf(training: string): string | undefined {
    for (const run of unlessDamaged(() => this.#readSpec().runs) ?? []) {
      const started = unlessDamaged(() => this.#folder.readStarted(run));
      if (started?.training === training) return this.#kept(run, started);
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#trainers.values()].map((client) => client[Symbol.asyncDispose]()));
  }

  #readSpec() {
    const spec = parseStudySpec(readNamedJson(join(this.#folder.path, "study.json"), "a study in JSON"));
    return { spec, runs: runsOf(spec) };
  }

  async #ask(addresses: readonly string[]): Promise<Told> {
    const answers = addresses.map(async (address): Promise<readonly [string, Answer]> => {
      const client = this.#trainers.get(address) ?? connectTrainer(address, { deadlineMs: PATIENCE_MS });
      this.#trainers.set(address, client);
      try {
        const trainings = await client.list();
        return [address, new Map(trainings.map((training) => [training.id, training]))];
      } catch (error) {
        return [address, error instanceof Error ? error.message : String(error)];
      }
    });
    return new Map(await Promise.all(answers));
  }

  #look(run: StudyRun, told: Told): StudyRunStanding {
    const { name, point } = run;
    const nothing = { name, point, stepsTaken: 0, steps: 0 };
    try {
      const started = this.#folder.readStarted(run);
      const folder = started && this.#kept(run, started);
      const where = started === undefined ? {} : whereOf(started, folder);
      const done = this.#result(run);
      if (done !== undefined) return { ...done, ...where };
      if (started?.training === undefined) return { ...nothing, state: "waiting", ...where };
      const trained =
        started.trainer === OWN_TRAINER ? onDisk(folder) : asTold(told, started.trainer, started.training);
      return { ...nothing, ...where, ...trained };
    } catch (error) {
      if (!(error instanceof PatchstreamError)) throw error;
      return { ...nothing, state: "damaged", message: error.message };
    }
  }

  #result(run: StudyRun): StudyRunStanding | undefined {
    const known = this.#done.get(run.name);
    if (known !== undefined) return known;
    const result = this.#folder.readResult(run);
    if (result === undefined) return undefined;
    const done = doneRun(run.name, result);
    this.#done.set(run.name, done);
    return done;
  }

  /** Where the study's own trainer keeps a training; undefined for another trainer's, and where there is none yet. */
  #kept(run: StudyRun, { trainer, training }: StartedRun): string | undefined {
    if (trainer !== OWN_TRAINER || training === undefined) return undefined;
    const places = [this.#folder.trainings, this.#folder.trainingsOf(run)].map((place) => join(place, training));
    return places.find((place) => existsSync(place));
  }
}

function whereOf({ trainer, training }: StartedRun, folder: string | undefined) {
  return {
    trainer,
    ...(training !== undefined && { training }),
    ...(folder !== undefined && { isWatchable: true as const }),
  };
}

/** How a training of the study's own trainer stands, whose folder this is. */
function onDisk(folder: string | undefined) {
  const found = folder === undefined ? undefined : readTrainingOnDisk(folder);
  if (found === undefined) return { state: "queued" as const };
  const { state, message, writtenMs } = found;
  return { state, ...(message && { message }), heardMs: writtenMs, ...progress(found) };
}

/** How a training of another trainer stands. */
function asTold(told: Told, trainer: string, training: string) {
  const answer = told.get(trainer) ?? "the study does not name it any more";
  if (typeof answer === "string") return { state: "unknown" as const, message: answer };
  const found = answer.get(training);
  if (found === undefined) return { state: "unknown" as const, message: `its trainer has no training ${training}` };
  const { state, damage } = found;
  return { state, ...(damage && { message: `${damage.file}: ${damage.reason}` }), ...progress(found) };
}

function progress({
  stepsTaken,
  steps,
  stage,
  smoothedPseudoDice,
}: Pick<TrainingInShort, "stepsTaken" | "steps" | "stage" | "smoothedPseudoDice">) {
  const dice = smoothedPseudoDice === undefined ? {} : { pseudoDice: smoothedPseudoDice };
  return { stepsTaken, steps, stage, ...dice };
}

function unlessDamaged<Read>(read: () => Read): Read | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PatchstreamError)) throw error;
    return undefined;
  }
}
