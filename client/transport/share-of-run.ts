import { crc32 } from "../../checksum/crc.js";
import { addressText, type Timeline } from "../../plan/batch/address.js";
import type { Rank } from "../../plan/batch/share.js";
import type { RunInfo } from "../types.js";
import { brokenProtocol, type ExpectedBatch } from "./batch-receiver.js";

/** What one rank is to receive of a timeline. */
export interface ShareOfRun extends Rank {
  readonly info: RunInfo;
  readonly timeline: Timeline;
}

/** What this rank's batches of a stage must look like, by what the server said of the run. */
export function expectedBatch({ info, timeline, rank, ranks }: ShareOfRun, stage: number): ExpectedBatch {
  const described = info[timeline].stages.find((one) => one.stage === stage);
  const share = described?.shares.find(({ endRank }) => rank < endRank);
  if (described === undefined || share === undefined)
    throw brokenProtocol(`rank ${rank} of stage ${stage} was not described`);
  const addressOf = (step: number) => crc32(addressText(info.digest, { timeline, step, stage }, { rank, ranks }));
  return { globalBatch: described.batchSize, share, addressOf };
}
