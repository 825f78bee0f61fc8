import { rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { brokenProtocol } from "../../client/transport/batch-receiver.js";
import { replaceFile, reportingFailure } from "../../disk/write-file.js";
import type { ScoredCase, ScoredClass } from "../evaluation/scores.js";
import { summaryJson } from "../evaluation/summary-json.js";
import { labelFile } from "../inference/label-file.js";
import { LABELS_FILE, type LabelsRecord, labelsRecordText } from "./labels-record.js";

/**
 * In a run's folder: the labels of its held-out cases, what made them, and, once all are there, nnU-Net's summary. nnU-Net's name for the
 * same folder.
 */
const HELD_OUT_FOLDER = "validation";

/** nnU-Net's summary of a run's held-out cases. */
export function heldOutSummaryPath(folder: string): string {
  return join(folder, HELD_OUT_FOLDER, "summary.json");
}

export const HELD_OUT_ENDING = ".nii.gz";

/** The label of one of its held-out cases. */
export function heldOutLabelPath(folder: string, id: string): string {
  return join(folder, HELD_OUT_FOLDER, `${id}${HELD_OUT_ENDING}`);
}

/** Removes what an earlier evaluation left, whole or half, and says what the labels that follow mean. Throws WRITE_FAILED. */
export function beginHeldOut(folder: string, record: LabelsRecord): void {
  const path = join(folder, HELD_OUT_FOLDER);
  reportingFailure(path, () => rmSync(path, { recursive: true, force: true }));
  replaceFile(join(path, LABELS_FILE), labelsRecordText(record));
}

/** Throws INTERNAL for a name that a data server gave and that is not that of a file in one folder. */
function checkCaseId(id: string): void {
  if (id === "" || id.startsWith(".") || /[/\\\0]/.test(id))
    throw brokenProtocol(`a case is called ${JSON.stringify(id)}`);
}

/**
 * Keeps the label of a case, in the values of the source's files: the bytes that `predict` writes for the case's image where that is a
 * .nii.gz file. `header` is how the file begins; without one it is not kept. Returns its path. Throws WRITE_FAILED.
 */
export function keepHeldOut(
  folder: string,
  id: string,
  header: Uint8Array | undefined,
  label: Uint8Array | Uint16Array,
): string {
  checkCaseId(id);
  const path = heldOutLabelPath(folder, id);
  if (header !== undefined) replaceFile(path, [gzipSync(Buffer.concat(labelFile(header, label)))]);
  return path;
}

/** Ends what `beginHeldOut` began. Throws WRITE_FAILED. */
export function endHeldOut(folder: string, classes: readonly ScoredClass[], cases: readonly ScoredCase[]): void {
  replaceFile(heldOutSummaryPath(folder), summaryJson(classes, cases));
}
