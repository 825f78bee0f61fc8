import { PatchstreamError } from "../../plan/index.js";
import { SummaryTally, type TrainerClient, type TrainingSummary, type WatchedEvent } from "../../trainer/index.js";

/** Hands over every event of a training from its beginning until it ends. Throws where it ended before it was done. */
export async function watchToEnd(
  trainer: TrainerClient,
  training: string,
  onEvent: (event: WatchedEvent) => void,
  signal?: AbortSignal,
): Promise<TrainingSummary> {
  const tally = new SummaryTally();
  let last: WatchedEvent | undefined;
  for await (const event of trainer.watch(training, signal && { signal })) {
    tally.add(event);
    onEvent(event);
    last = event;
  }
  const ending = last?.kind === "state" ? last.state : undefined;
  if (ending?.state === "done") return tally.summary;
  throw new PatchstreamError(
    { code: "TRAINING_ENDED", training, state: ending?.state ?? "interrupted", reason: ending?.message ?? "" },
    `Go on with: patchstream train --trainer ${trainer.address} --resume ${training}`,
  );
}
