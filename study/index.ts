/** A study: the paper's experiment on anyone's data. Its document, its runs, and what comes of them. */
export type { ChildService, StartService } from "./runner/child-services.js";
export { type OpenStudy, openStudy } from "./runner/open-study.js";
export { type RunStudyOptions, runStudy, type StudyOutcome } from "./runner/run-study.js";
export type { StudyEvent } from "./runner/study-events.js";
export { StudyFolder } from "./runner/study-folder.js";
export { type SlurmOptions, type SubmittedStudy, submitToSlurm } from "./slurm/submit.js";
export { parseStudySpec } from "./spec/parse-study.js";
export type { StudySpec } from "./spec/study-spec.js";
export { StandingReader } from "./standing/standing-reader.js";
export type { StudyRunStanding, StudyRunState, StudyStanding } from "./standing/study-standing.js";

/** `writeReport` of the report, which takes half a second to load: only when it is called. */
export async function writeReport(folder: string): Promise<string> {
  const report = await import("./report/write-report.js");
  return report.writeReport(folder);
}
