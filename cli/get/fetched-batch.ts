import type { WireTensor } from "../../client/index.js";
import {
  type BatchPlan,
  type CaseTable,
  type Crop,
  foregroundLower,
  type ImageType,
  type LabelType,
  planBatch,
  type ResolvedSpec,
  scheduledStageOf,
  type Timeline,
  type Zyx,
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
  readonly plan: BatchPlan;
  /** First voxel (Z,Y,X) of each crop's box; those of foreground crops have been looked up. */
  readonly lowers: readonly Zyx[];
  readonly image: WireTensor<ImageType>;
  readonly label: WireTensor<LabelType>;
  /** With deep supervision: the label of each further decoder level, finest first. */
  readonly deepLabels: readonly WireTensor<LabelType>[];
  /** CRC-32 over the bytes of image, label and deep labels. */
  readonly checksum: number;
}

/** The plan of the batch that is asked for. */
export function planRequest(spec: ResolvedSpec, cases: CaseTable, request: RequestedBatch): BatchPlan {
  const { timeline, step, stage = scheduledStageOf(spec, timeline, step) } = request;
  return planBatch(spec, cases, { timeline, step, stage });
}

/** First voxel (Z,Y,X) of each crop; each list of locations, (n,3) Z,Y,X, is read once. */
export function readLowers(
  { crops, cropSize }: BatchPlan,
  { cases }: CaseTable,
  readLocations: (caseId: string, classValue: number) => Promise<Uint32Array>,
): Promise<Zyx[]> {
  const lists = new Map<string, Promise<Uint32Array>>();
  const readOnce = (caseId: string, classValue: number) => {
    const key = `${classValue} ${caseId}`;
    const list = lists.get(key) ?? readLocations(caseId, classValue);
    lists.set(key, list);
    return list;
  };
  const shapes = new Map(cases.map(({ id, shape }) => [id, shape]));
  const lowerOf = async (crop: Crop): Promise<Zyx> => {
    if (crop.kind === "random") return crop.lower;
    const [z, y, x] = (await readOnce(crop.case, crop.class)).subarray(3 * crop.location);
    return foregroundLower([z as number, y as number, x as number], shapes.get(crop.case) as Zyx, cropSize);
  };
  return Promise.all(crops.map(lowerOf));
}
