import { existsSync } from "node:fs";
import { join } from "node:path";
import { lockFolder, readNamedJson, replaceFile } from "../../disk/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import { canonicalJson } from "../../plan/index.js";
import { parseRunResult, parseStartedRun, parseStudyDatasets } from "../parse-result.js";
import type { RunResult, StartedRun, StudyDataset } from "../run-result.js";
import type { StudySpec } from "../spec/study-spec.js";
import type { PreparedRun } from "./prepare-runs.js";

const STUDY_FILE = "study.json";
const DATASETS_FILE = "datasets.json";
const RUNS_FOLDER = "runs";
const RUN_FILE = "run.json";
const STARTED_FILE = "training.json";
const RESULT_FILE = "result.json";

const LOCK = { name: ".study-lock", doing: "runs this study", hint: "Name another folder with --out" };
const RUN_LOCK = { name: ".run-lock", doing: "trains this run", hint: "Wait until it has ended" };

/**
 * What a study has on disk: `study.json`, `datasets.json`, and for each run `runs/NAME/` with its run spec, which training it is, and its
 * result once it is done. Files are written whole or not at all: a study that was killed goes on from what is there.
 */
export class StudyFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Where the study's own trainer keeps its trainings. */
  get trainings(): string {
    return join(this.path, "trainings");
  }

  /** What Slurm was given, and what its jobs say. */
  get slurm(): string {
    return join(this.path, "slurm");
  }

  /** The report's page; its tables and figures lie beside it. */
  get reportFile(): string {
    return join(this.path, "report", "index.html");
  }

  /** Where the trainer of a run that is trained by itself keeps its training. */
  trainingsOf(run: Pick<PreparedRun, "name">): string {
    return join(this.pathOf(run), "trainings");
  }

  /** Folder of a run. */
  pathOf({ name }: Pick<PreparedRun, "name">): string {
    return join(this.path, RUNS_FOLDER, name);
  }

  /** Holds the folder for this process until disposed. Throws UNAVAILABLE while another one has it. */
  lock(): Disposable {
    return lockFolder(this.path, LOCK);
  }

  /** Holds one run for this process until disposed. Throws UNAVAILABLE with the run's folder as address while another one has it. */
  lockRun(run: Pick<PreparedRun, "name">): Disposable {
    return lockFolder(this.pathOf(run), RUN_LOCK);
  }

  writeSpec(spec: StudySpec): void {
    this.#write([STUDY_FILE], spec);
  }

  /** Of the data sets that were looked at before. Throws INPUT_DAMAGED. */
  readDatasets(): readonly StudyDataset[] {
    return this.#read([DATASETS_FILE], "a study's data sets", parseStudyDatasets) ?? [];
  }

  writeDatasets(datasets: readonly StudyDataset[]): void {
    this.#write([DATASETS_FILE], datasets);
  }

  /** Undefined for a run that is not done. Throws INPUT_DAMAGED, also for the result of another run. */
  readResult({ name, point }: Pick<PreparedRun, "name" | "point">): RunResult | undefined {
    return this.#read([RUNS_FOLDER, name, RESULT_FILE], "a run's result", (value, file) => {
      const result = parseRunResult(value, file);
      if (canonicalJson(result.point) === canonicalJson(point)) return result;
      const reason = `it is the result of another run: ${canonicalJson(result.point)}`;
      const want = `that of ${canonicalJson(point)}`;
      throw new PatchstreamError(
        { code: "INPUT_DAMAGED", file, reason, want },
        "Remove it: the run is then done again.",
      );
    });
  }

  writeResult({ name }: Pick<PreparedRun, "name">, result: RunResult): void {
    this.#write([RUNS_FOLDER, name, RESULT_FILE], result);
  }

  /** Undefined for a run that was not started. Throws INPUT_DAMAGED. */
  readStarted({ name }: Pick<PreparedRun, "name">): StartedRun | undefined {
    return this.#read([RUNS_FOLDER, name, STARTED_FILE], "a run's training", parseStartedRun);
  }

  writeStarted({ name, document }: Pick<PreparedRun, "name" | "document">, started: StartedRun): void {
    this.#write([RUNS_FOLDER, name, RUN_FILE], document);
    this.#write([RUNS_FOLDER, name, STARTED_FILE], started);
  }

  /** Throws ALREADY_EXISTS for a run that was made with other settings or other data than the study has now. */
  checkSame({ name, document }: Pick<PreparedRun, "name" | "document">): void {
    const before = this.#read([RUNS_FOLDER, name, RUN_FILE], "a run spec", (document) => ({ document }));
    if (before === undefined || canonicalJson(before.document) === canonicalJson(document)) return;
    const hint = `Name another folder with --out, or remove ${join(this.path, RUNS_FOLDER, name)}.`;
    throw new PatchstreamError(
      { code: "ALREADY_EXISTS", what: "run", name: `${name}, of other settings or data,` },
      hint,
    );
  }

  #write(parts: readonly string[], value: unknown): void {
    replaceFile(join(this.path, ...parts), `${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** What a file holds, read by `parse`; undefined where there is no file. */
  #read<T>(parts: readonly string[], want: string, parse: (value: unknown, file: string) => T): T | undefined {
    const file = join(this.path, ...parts);
    return existsSync(file) ? parse(readNamedJson(file, want), file) : undefined;
  }
}
