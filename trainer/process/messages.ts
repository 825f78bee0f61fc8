import type { FleetStanding, StageChanged } from "../../client/types.js";
import type { ErrorFacts } from "../../plan/errors.js";
import type { PredictionBegin, PredictionJob } from "../inference/prediction.js";
import type { AskedStage } from "../loop/stage-requests.js";
import type { TrainingJob } from "../loop/training.js";
import type { TrainingEvent } from "../run-folder/events.js";

/** What a process of the trainer is started for, and what comes of it. */
export interface Jobs {
  /** Opens an engine to see that it can be used. */
  openEngine: { job: { readonly engine: string }; result: { readonly engine: string } };
  train: { job: TrainingJob; result: "done" | "stopped" };
  /** Its label comes in `label` and `labelBytes`. */
  predict: { job: PredictionJob; result: undefined };
}

export type JobName = keyof Jobs;

/** To the process; `job` is the first. */
export type ToProcess =
  | { readonly kind: "job"; readonly name: JobName; readonly job: Jobs[JobName]["job"] }
  /** End after the step in progress. */
  | { readonly kind: "stop" }
  | { readonly kind: "setStage"; readonly id: number; readonly asked: AskedStage }
  /** Every event that was sent before the last `flush` is in the training's log. */
  | { readonly kind: "flushed" }
  /** A piece of the image to label, in order. */
  | { readonly kind: "imageBytes"; readonly offset: number; readonly bytes: Uint8Array };

/** From the process; `result` or `failed` is the last. */
export type FromProcess =
  | { readonly kind: "event"; readonly event: TrainingEvent }
  /** How its data servers do, about once a second. */
  | { readonly kind: "fleet"; readonly fleet: FleetStanding }
  | { readonly kind: "flush" }
  | { readonly kind: "notice"; readonly line: string }
  | { readonly kind: "stageSet"; readonly id: number; readonly changed: StageChanged }
  | { readonly kind: "stageRefused"; readonly id: number; readonly failure: SentFailure }
  /** The checkpoints of a prediction are read. */
  | { readonly kind: "predictionBegin"; readonly begin: PredictionBegin }
  /** Share of the windows that are done, 0 to 1. */
  | { readonly kind: "predicted"; readonly share: number }
  /** A label (Z,Y,X) of bytes follows, whose CRC-32 this is. */
  | { readonly kind: "label"; readonly shape: readonly number[]; readonly checksum: number }
  | { readonly kind: "labelBytes"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "result"; readonly result: Jobs[JobName]["result"] }
  | { readonly kind: "failed"; readonly failure: SentFailure };

/** A failure between processes, whose classes do not survive the trip. */
export interface SentFailure {
  readonly facts: ErrorFacts;
  readonly hint: string | undefined;
}

type Of<Message, Kind> = Extract<Message, { readonly kind: Kind }>;

/** The trainer, as seen from a process of its own. */
export interface Parent {
  /** Resolves when the message has left. */
  tell(message: FromProcess): Promise<void>;
  notice(line: string): void;
  /** Calls `listener` with every message of a kind, those that came before among them. */
  on<Kind extends ToProcess["kind"]>(kind: Kind, listener: (message: Of<ToProcess, Kind>) => void): void;
}
