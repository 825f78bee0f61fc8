/** A stage that holds from a step on. */
export interface ReportedStage {
  readonly stage: number;
  readonly fromStep: number;
}

/** The stages reported on one stream. The newest report that covers a step decides; where none does, the want or the schedule. */
export class StageReports {
  /** Ascending in `fromStep`: a report ends every earlier one that began at its step or later. */
  #reports: ReportedStage[] = [];

  get count(): number {
    return this.#reports.length;
  }

  add(report: ReportedStage): void {
    this.#reports = [...this.#reports.filter(({ fromStep }) => fromStep < report.fromStep), report];
  }

  /** The reported stage of a step, or undefined when no report covers it. */
  stageOf(step: number): number | undefined {
    return this.#reports.findLast(({ fromStep }) => fromStep <= step)?.stage;
  }
}
