import { PatchstreamError } from "../errors.js";

/** Far more transitions than any curriculum has; each costs a few bytes for as long as its stream. */
const MOST_REPORTS = 4096;

/** A stage that holds from a step on. */
export interface ReportedStage {
  readonly stage: number;
  readonly fromStep: number;
}

/** The stages reported on one stream. The newest report that covers a step decides; where none does, the want or the schedule. */
export class StageReports {
  /** Ascending in `fromStep`: a report ends every earlier one that began at its step or later. */
  #reports: ReportedStage[] = [];

  /** Throws LIMIT_EXCEEDED for more reports that all still matter than any run makes. */
  add(report: ReportedStage): void {
    if (this.#reports.length === MOST_REPORTS)
      throw new PatchstreamError({
        code: "LIMIT_EXCEEDED",
        limit: "stage reports on one stream",
        got: MOST_REPORTS + 1,
        max: MOST_REPORTS,
      });
    this.#reports = [...this.#reports.filter(({ fromStep }) => fromStep < report.fromStep), report];
  }

  /** The reported stage of a step, or undefined when no report covers it. */
  stageOf(step: number): number | undefined {
    return this.#reports.findLast(({ fromStep }) => fromStep <= step)?.stage;
  }
}
