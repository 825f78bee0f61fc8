import type { WatchTrainingResponse } from "../../proto/messages.js";

/** What a watcher of a training is told, in the wire's own terms. */
export type ToldEvent = Exclude<WatchTrainingResponse, { kind?: undefined }>;

/** What happens in a training: one step at a time. */
export type TrainingEvent = Exclude<ToldEvent, { kind: "steps" }>;
