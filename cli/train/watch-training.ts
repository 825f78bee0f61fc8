import { PatchstreamError } from "../../plan/index.js";
import { type Channel, callStream, callUnary } from "../../rpc/index.js";
import { SummaryTally, type TrainingEvent, type TrainingSummary } from "../../trainer/index.js";
import { stateName } from "./training-progress.js";

export interface StartedTraining {
  readonly run: unknown;
  /** Addresses of data servers. */
  readonly data: readonly string[];
  /** Id of a training to go on with. */
  readonly resume?: string;
}

/** Starts or resumes a training; returns its id. */
export async function startTraining(trainer: Channel, { run, data, resume = "" }: StartedTraining): Promise<string> {
  const bytes = resume === "" ? Buffer.from(JSON.stringify(run)) : Buffer.alloc(0);
  const { training } = await callUnary(trainer, "TrainerService", "startTraining", { run: bytes, data, resume });
  return training;
}

/** Hands over every event of a training from its beginning until it ends. Throws where it ended before it was done. */
export async function watchTraining(
  trainer: Channel,
  training: string,
  onEvent: (event: TrainingEvent) => void,
  signal?: AbortSignal,
): Promise<TrainingSummary> {
  const tally = new SummaryTally();
  let last: TrainingEvent | undefined;
  const options = signal ? { signal } : {};
  for await (const event of callStream(trainer, "TrainerService", "watchTraining", { training }, options)) {
    if (event.kind === undefined) continue;
    tally.add(event);
    onEvent(event);
    last = event;
  }
  const ending = last?.kind === "state" ? last.state : undefined;
  if (ending?.state === "TRAINING_STATE_DONE") return tally.summary;
  const word = ending ? stateName(ending.state) : "interrupted";
  throw new PatchstreamError(
    { code: "TRAINING_ENDED", training, state: word, reason: ending?.message ?? "" },
    `Go on with: patchstream train --trainer ${trainer.address} --resume ${training}`,
  );
}
