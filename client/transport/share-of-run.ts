import { crc32 } from "../../checksum/crc.js";
import { addressText, type Timeline } from "../../plan/batch/address.js";
import type { Rank } from "../../plan/batch/share.js";
import { shareTensors, tensorBytes } from "../../plan/batch/tensors.js";
import { stageOf } from "../../plan/batch/timeline.js";
import type { RunInfo } from "../types.js";
import type { ExpectedBatch } from "./batch-receiver.js";

/** What one rank is to receive of a timeline. */
export interface ShareOfRun extends Rank {
  readonly info: RunInfo;
  readonly timeline: Timeline;
}

/** What this rank's batches of a stage must look like. */
export function expectedBatch({ info, timeline, rank, ranks }: ShareOfRun, stage: number): ExpectedBatch {
  const tensors = shareTensors(info.spec, info.channels, { timeline, stage }, { rank, ranks });
  const { batchSize: globalBatch } = stageOf(info.spec, timeline, stage);
  const addressOf = (step: number) => crc32(addressText(info.digest, { timeline, step, stage }, { rank, ranks }));
  return { globalBatch, tensors, byteLength: tensorBytes(tensors), addressOf };
}
