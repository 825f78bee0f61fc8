import type { WaitOptions } from "../../client/types.js";
import type { DataSpecInput } from "../../plan/run-spec/data-spec.js";
import type { SetStageResponse, Training } from "../../proto/messages.js";
import type { ChannelOptions } from "../../rpc/client/channel.js";
import type { GridGeometry } from "../inference/export-label.js";
import type { CheckpointName } from "../run-folder/checkpoint.js";
import type { TrainingSpec } from "../spec.js";
import type { TrainingStateName } from "../state-words.js";
import type { DescribedModel } from "./describe-model.js";
import type { TrainingFleet } from "./described-fleet.js";
import type { WatchedEvent, WatchedInShort } from "./events.js";
import type { PredictedLabel } from "./predict.js";

/** How a trainer is reached. */
export interface TrainerConnectOptions extends ChannelOptions {
  /**
   * A call whose answer is waited for longer fails with DEADLINE; a watched trainer that was lost, and one that is busy with other images, is
   * asked again for so long. Default 60,000, or `waitMs` where that is more. `setStage` and `stop` wait for the step in progress: for 10
   * minutes by default. `predict` waits for its label as long as the connection lives.
   */
  readonly deadlineMs?: number;
}

/** A run spec; what is left out has its default. */
export interface RunSpecInput {
  readonly data: DataSpecInput;
  readonly training?: Partial<TrainingSpec>;
}

/** A training in short. */
export interface TrainingInShort extends Omit<Training, "state"> {
  readonly state: TrainingStateName;
}

/** A stage transition by hand. */
export interface StageWish {
  /** From 0. Default: the one after that which `fromStep` would have. */
  readonly stage?: number;
  /** First step with it. Default: the first that is not wanted yet, which costs no waiting. */
  readonly fromStep?: number;
  /** It holds to the end. Default: until the schedule reaches a later stage. */
  readonly hold?: boolean;
}

export interface CheckpointOptions extends WaitOptions {
  /** Default: the latest. */
  readonly checkpoint?: CheckpointName;
}

export interface PredictOptions extends CheckpointOptions {
  /** Further trainings of the same data and plan, such as other folds: the mean of all logits counts. */
  readonly averageWith?: readonly string[];
  /** Whether to take the mean over mirrored images, along the axes that training mirrored along. Default true. */
  readonly mirror?: boolean;
  /** For so long a trainer that labels other images is asked again. Default: `deadlineMs` of the connection. */
  readonly patienceMs?: number;
  /** Told once that the trainer labels other images first. */
  readonly onBusy?: () => void;
  /** Told the share of the windows that are done, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** An image to label: (C,Z,Y,X) float32, C order, preprocessed as a store holds it. */
export interface ImageToLabel {
  readonly shape: readonly [channels: number, z: number, y: number, x: number];
  readonly values: Float32Array;
  /** How it lies in its source file, on whose grid the label is then. Absent: the label is on the image's own grid. */
  readonly geometry?: GridGeometry;
}

/** A connection to a trainer. Disposing it leaves trainings alone: they are the trainer's. */
export interface TrainerClient extends AsyncDisposable {
  readonly address: string;
  /**
   * Starts a training of `run`, a run spec or its JSON bytes, on the batches of data servers of one store (`host:port`). Resolves to its id
   * when it is queued. Throws what the spec, the engine or the data servers have against it, LIMIT_EXCEEDED where it would never fit
   * into the trainer's memory. Of all starts with one `key` the first one starts a training and the others resolve to its id: a caller that
   * did not hear the answer asks again. REQUEST_INVALID for a key of another run.
   */
  start(
    run: RunSpecInput | Uint8Array,
    data: string | readonly string[],
    options?: WaitOptions & { readonly key?: string },
  ): Promise<string>;
  /** Goes on with a training that has ended from its last checkpoint, at the data servers of before unless others are named. */
  resume(training: string, options?: WaitOptions & { readonly data?: string | readonly string[] }): Promise<void>;
  /**
   * Everything that happened in a training, then what happens, until it ends: the last event is the state it ended in. A lost connection is made
   * again, and nothing is told twice; steps that a resumed training takes again happen again, and are told. Throws NOT_FOUND, and
   * UNAVAILABLE for a trainer that does not come back.
   */
  watch(training: string, options?: WaitOptions): AsyncIterableIterator<WatchedEvent>;
  /**
   * The same for a picture of a training: what happened so far is told in short, in a second for 250,000 steps, then every event until it ends. A
   * trainer that cannot tell it in short tells all of it. Throws UNAVAILABLE where the connection is lost: begin again then.
   */
  watchInShort(training: string, options?: WaitOptions): AsyncIterableIterator<WatchedInShort>;
  /** Changes the stage of a running training. Resolves when it is decided, between two steps. Throws STEP_PASSED, STAGE_UNKNOWN, NOT_FOUND. */
  setStage(training: string, wish?: StageWish, options?: WaitOptions): Promise<SetStageResponse>;
  /** Ends a training after the step in progress, with a checkpoint, or takes it from the queue. Resolves when it has ended. */
  stop(training: string, options?: WaitOptions): Promise<void>;
  /**
   * What a training was started with: the JSON bytes of its run spec, and its data servers by now; `fleet`: how these do, absent where it does not
   * run, in its first second, and where the trainer does not say it. Throws NOT_FOUND, and UNSUPPORTED for a trainer that is too old.
   */
  describe(
    training: string,
    options?: WaitOptions,
  ): Promise<{ readonly run: Uint8Array; readonly data: readonly string[]; readonly fleet?: TrainingFleet }>;
  /** All trainings, oldest first. */
  list(options?: WaitOptions): Promise<readonly TrainingInShort[]>;
  /**
   * Writes a checkpoint to `file`, whole or not at all; a file that is there is replaced. Resolves to its size in bytes. `onProgress` is told bytes that
   * have come, of how many. Throws NOT_FOUND where there is none yet.
   */
  checkpoint(
    training: string,
    file: string,
    options?: CheckpointOptions & { readonly onProgress?: (received: number, total: number) => void },
  ): Promise<number>;
  /** What a checkpoint takes and what its labels mean: what raw images need to be preprocessed. Throws NOT_FOUND where there is none yet. */
  describeModel(training: string, options?: CheckpointOptions): Promise<DescribedModel>;
  /** The label of a data server's case on its source file's own grid, in that file's values. `data`: another server than the training's. */
  predictCase(
    training: string,
    caseId: string,
    options?: PredictOptions & { readonly data?: string },
  ): Promise<PredictedLabel>;
  /**
   * The label of an image, in the values of the training's source files. Throws LIMIT_EXCEEDED for one that the trainer's memory could never
   * hold, SERVER_BUSY, REQUEST_INVALID for other channels than the model's.
   */
  predictImage(training: string, image: ImageToLabel, options?: PredictOptions): Promise<PredictedLabel>;
}
