import type { WireTensor } from "../../client/index.js";
import {
  type CaseTable,
  type DrawnBatchPlan,
  type ImageType,
  type LabelType,
  planBatch,
  type ResolvedSpec,
  type Sample,
  scheduledStageOf,
  type Timeline,
} from "../../plan/index.js";

/** Which batch is asked for. */
export interface RequestedBatch {
  /** The `data` part of a run spec, as its author wrote it. */
  readonly dataSpec: unknown;
  readonly timeline: Timeline;
  readonly step: number;
  /** Absent: the scheduled one. */
  readonly stage: number | undefined;
}

/** One batch and its plan, in its own memory. */
export interface FetchedBatch {
  readonly spec: ResolvedSpec;
  readonly plan: DrawnBatchPlan;
  /** Where each sample comes from. */
  readonly samples: readonly Sample[];
  readonly image: WireTensor<ImageType>;
  readonly label: WireTensor<LabelType>;
  /** With deep supervision: the label of each further decoder level, finest first. */
  readonly deepLabels: readonly WireTensor<LabelType>[];
  /** CRC-32 over the bytes of image, label and deep labels. */
  readonly checksum: number;
}

/** The plan of the batch that is asked for. */
export function planRequest(spec: ResolvedSpec, cases: CaseTable, request: RequestedBatch): DrawnBatchPlan {
  const { timeline, step, stage = scheduledStageOf(spec, timeline, step) } = request;
  return planBatch(spec, cases, { timeline, step, stage });
}
