import type { OpenStudy } from "./open-study.js";
import type { PreparedRun } from "./prepare-runs.js";

/** The runs that wait. One that was begun at a trainer goes on there, unless the study does not have that trainer any more. */
export class RunQueue {
  readonly #waiting: { readonly run: PreparedRun; readonly trainer: string | undefined }[];

  constructor({ runs, results, folder, spec }: OpenStudy) {
    this.#waiting = runs
      .filter(({ name }) => !results.has(name))
      .map((run) => {
        const trainer = folder.readStarted(run)?.trainer;
        return { run, trainer: trainer !== undefined && spec.trainers.includes(trainer) ? trainer : undefined };
      });
  }

  /** Whether there is a run for a trainer. */
  has(trainer: string): boolean {
    return this.#find(trainer) >= 0;
  }

  /** The next run for a trainer. */
  take(trainer: string): PreparedRun | undefined {
    const at = this.#find(trainer);
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]?.run;
  }

  /** For another trainer. */
  giveBack(run: PreparedRun): void {
    this.#waiting.unshift({ run, trainer: undefined });
  }

  #find(trainer: string): number {
    return this.#waiting.findIndex((one) => one.trainer === undefined || one.trainer === trainer);
  }
}
