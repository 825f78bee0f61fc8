import type { WatchTrainingResponse } from "../../proto/messages.js";

/** What happens in a training, in the wire's own terms. */
export type TrainingEvent = Exclude<WatchTrainingResponse, { kind?: undefined }>;
