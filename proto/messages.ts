// Generated from proto/patchstream/v1/*.proto by `npm run generate`; change those.
import type { MessageLayout } from "./layout.js";

/** Whether another attempt at a failed call can help. */
export type Retry = "RETRY_UNSPECIFIED" | "RETRY_NEVER" | "RETRY_ELSEWHERE" | "RETRY_AGAIN";

/** Where a batch lies in a run beside its step. */
export type Timeline = "TIMELINE_UNSPECIFIED" | "TIMELINE_TRAIN" | "TIMELINE_VAL";

/** How a training stands. */
export type TrainingState = "TRAINING_STATE_UNSPECIFIED" | "TRAINING_STATE_QUEUED" | "TRAINING_STATE_RUNNING" | "TRAINING_STATE_DONE" | "TRAINING_STATE_STOPPED" | "TRAINING_STATE_FAILED" | "TRAINING_STATE_INTERRUPTED";

/** A stored volume of a case. */
export type Volume = "VOLUME_UNSPECIFIED" | "VOLUME_IMAGE" | "VOLUME_LABEL" | "VOLUME_REFERENCE";

/** A batch begins: its chunks follow, then BatchEnd; nothing of another batch in between. */
export interface BatchBegin {
  /** Which timeline. */
  readonly timeline: Timeline;
  /** The step. */
  readonly step: number;
  /** The stage it was cut for. */
  readonly stage: number;
  /** Samples over all ranks. */
  readonly globalBatch: number;
  /** The tensors, in the order of their bytes: image, then label; with deep supervision then label_1, label_2, ..., the
   * labels of further decoder levels, finest first. */
  readonly tensors: readonly Tensor[];
  /** CRC-32 (zlib's) over all tensor bytes in that order. */
  readonly checksum: number;
  /** CRC-32 (zlib's) over the text "DIGEST TIMELINE STEP STAGE RANK RANKS": the run digest in hex, `train` or `val`, decimal
   * numbers, a space between each two. Whoever asked knows the text: a batch of another address does not match. */
  readonly addressChecksum: number;
}

/** A batch is complete. */
export interface BatchEnd {
  /** The step. */
  readonly step: number;
}

/** Takes back every want of `count` steps from `first_step` on whose BatchBegin has not been sent. */
export interface Cancel {
  /** First step. */
  readonly firstStep: number;
  /** How many steps in a row. */
  readonly count: number;
}

/** The wants are gone: none of these steps will begin unless it is wanted again. */
export interface Cancelled {
  /** As in Cancel. */
  readonly firstStep: number;
  /** As in Cancel. */
  readonly count: number;
}

/** A stored case. */
export interface Case {
  /** The case's name. */
  readonly id: string;
  /** Stored shape (C,Z,Y,X). */
  readonly shape: readonly number[];
  /** Spacing of the stored volume in mm (Z,Y,X). */
  readonly spacingMm: readonly number[];
  /** Stored foreground locations of each class, in the order of `classes`. */
  readonly foregroundCounts: readonly number[];
  /** SHA-256 (hex) of decoded image, label and foreground index. */
  readonly digest: string;
  /** How the stored volume maps back to its source file. */
  readonly geometry: Geometry | null;
}

/** A held-out case was evaluated on the original grid. */
export interface CaseEvaluated {
  /** Case id. */
  readonly case: string;
  /** Dice of each foreground class. */
  readonly classes: readonly ClassDice[];
  /** Seconds for reading, prediction and comparison. */
  readonly seconds: number;
}

/** A checkpoint is on disk. */
export interface CheckpointWritten {
  /** Steps it holds: the next step to take. */
  readonly step: number;
  /** Size of the file. */
  readonly bytes: number;
}

/** A run of bytes, about 1 MiB, in order and without gaps. */
export interface Chunk {
  /** Step of the batch; 0 for a volume. */
  readonly step: number;
  /** Offset in the tensors laid end to end. */
  readonly offset: number;
  /** The bytes. */
  readonly data: Uint8Array;
}

/** Dice of a class. */
export interface ClassDice {
  /** Label value. */
  readonly class: number;
  /** Name of the class. */
  readonly name: string;
  /** 0 to 1; absent where neither prediction nor reference holds the class. */
  readonly dice?: number;
}

/** Asks for DescribeDatasetResponse. */
export type DescribeDatasetRequest = Record<string, never>;

/** The served store. */
export interface DescribeDatasetResponse {
  /** The store's name; a spec's `dataset` must equal it. */
  readonly name: string;
  /** SHA-256 (hex) over the sorted list of case, shape, spacing, dtype and SHA-256 of the decoded arrays. */
  readonly digest: string;
  /** Channel names, in channel order. */
  readonly channelNames: readonly string[];
  /** Label name to value, background included. */
  readonly labels: Readonly<Record<string, number>>;
  /** Foreground label values, ascending. */
  readonly classes: readonly number[];
  /** The network plan stored at ingest, as UTF-8 JSON: what `data.plan` of a run spec overrides. */
  readonly plan: Uint8Array;
  /** Sorted by id. */
  readonly cases: readonly Case[];
  /** The recipe that this server speaks. */
  readonly recipe: number;
  /** The server's package version. */
  readonly version: string;
}

/** Asks for a run's description. */
export interface DescribeRunRequest {
  /** The `data` part of a run spec as UTF-8 JSON; what is left out is filled in. */
  readonly spec: Uint8Array;
  /** SHA-256 (32 bytes) of the spec that was meant to be sent; checked where it is not empty. */
  readonly specSha256: Uint8Array;
}

/** What a run of a spec is. */
export interface DescribeRunResponse {
  /** The resolved spec, RFC 8785 canonical JSON. Send these bytes back unchanged in Start and GetBatch. */
  readonly spec: Uint8Array;
  /** SHA-256 (hex) over `spec`. */
  readonly digest: string;
  /** Bytes of a global training batch's tensors, of each stage. */
  readonly batchBytes: readonly number[];
  /** What this server refuses beyond. */
  readonly limits: Limits | null;
  /** Bytes of a global validation batch's tensors. */
  readonly validationBatchBytes: number;
  /** Channels of the images. */
  readonly channels: number;
  /** SHA-256 (32 bytes) of the spec as it was received. */
  readonly receivedSha256: Uint8Array;
}

/** All held-out cases were evaluated. */
export interface Evaluated {
  /** Cases evaluated. */
  readonly cases: number;
  /** Mean over cases of each foreground class. */
  readonly classes: readonly ClassDice[];
  /** Mean over the classes; absent where no class has a Dice. */
  readonly meanDice?: number;
}

/** What went wrong, as data: in the details of every failed call's google.rpc.Status. */
export interface Failure {
  /** Stable: docs/reference/errors.md lists them all. */
  readonly code: string;
  /** The code's facts as a JSON object, named as there; fields of a request as in the .proto files (`first_step`). */
  readonly facts: string;
  /** What to do about it, for a person; empty where there is nothing to say. */
  readonly hint: string;
  /** Whether another attempt can help. */
  readonly retry: Retry;
}

/** How a stored case maps back to its source file. */
export interface Geometry {
  /** Row-major 4x4 voxel-to-world (mm) matrix of the source, for (x,y,z) voxel indices. */
  readonly affine: readonly number[];
  /** Source array shape (Z,Y,X). */
  readonly originalShape: readonly number[];
  /** Source spacing in mm (Z,Y,X). */
  readonly originalSpacingMm: readonly number[];
  /** Axis i of the store is axis transpose[i] of the source. */
  readonly transpose: readonly number[];
  /** First voxel kept by the crop to nonzero, in transposed source voxels. */
  readonly cropStart: readonly number[];
  /** End of the crop to nonzero, outside. */
  readonly cropEnd: readonly number[];
}

/** Asks for one batch. */
export interface GetBatchRequest {
  /** A data spec as in DescribeRun; it is resolved first. */
  readonly spec: Uint8Array;
  /** Which timeline. */
  readonly timeline: Timeline;
  /** The step. */
  readonly step: number;
  /** The stage; absent: the scheduled one. */
  readonly stage?: number;
  /** This rank, from 0. */
  readonly rank: number;
  /** How many ranks share the batch; 0 means 1. */
  readonly ranks: number;
  /** SHA-256 (32 bytes) of the spec that was meant to be sent; checked where it is not empty. */
  readonly specSha256: Uint8Array;
}

/** The frames of one batch. */
export type GetBatchResponse =
  | { readonly kind: "batchBegin"; readonly batchBegin: BatchBegin }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind: "batchEnd"; readonly batchEnd: BatchEnd }
  | { readonly kind?: undefined };

/** Asks for a checkpoint. */
export interface GetCheckpointRequest {
  /** Id of the training. */
  readonly training: string;
}

/** A piece of the checkpoint file, in order and without gaps. */
export interface GetCheckpointResponse {
  /** Where the bytes begin in the file. */
  readonly offset: number;
  /** Size of the whole file. */
  readonly totalBytes: number;
  /** The bytes. */
  readonly data: Uint8Array;
}

/** Beyond any of these a call ends with RESOURCE_EXHAUSTED. */
export interface Limits {
  /** Bytes of wanted but unsent batches on one stream; a single batch is always allowed up to `max_batch_bytes`. */
  readonly maxOutstandingBytes: number;
  /** Bytes of a spec. */
  readonly maxSpecBytes: number;
  /** Bytes of one message received by the server. */
  readonly maxMessageBytes: number;
  /** Bytes of one rank's batch. */
  readonly maxBatchBytes: number;
  /** Streams open at once on the server. */
  readonly maxStreams: number;
  /** Steps wanted but unsent on one stream. */
  readonly maxOutstandingSteps: number;
  /** Milliseconds for which a client may take nothing of what is on its way to it. */
  readonly maxStallMs: number;
}

/** Asks for all trainings. */
export type ListTrainingsRequest = Record<string, never>;

/** All trainings. */
export interface ListTrainingsResponse {
  /** Oldest first. */
  readonly trainings: readonly Training[];
}

/** Something a client may act on or show. */
export interface Notice {
  /** `draining`: wants not yet begun will not be served here; ask another replica. */
  readonly code: string;
  /** One line for a person. */
  readonly text: string;
}

/** A case to label, on its source file's own grid. */
export interface PredictCase {
  /** Id of the training whose checkpoint is used. */
  readonly training: string;
  /** Address of a data server; empty: those of the training. */
  readonly data: string;
  /** Case id. */
  readonly case: string;
}

/** A preprocessed image (float32, (C,Z,Y,X), as the store holds it) to label on its own grid. */
export interface PredictImage {
  /** Id of the training whose checkpoint is used. */
  readonly training: string;
  /** Type f32 and shape (C,Z,Y,X). */
  readonly tensor: Tensor | null;
}

/** Client to trainer: first `case` or `image`; after `image` its chunks. */
export type PredictRequest =
  | { readonly kind: "case"; readonly case: PredictCase }
  | { readonly kind: "image"; readonly image: PredictImage }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind?: undefined };

/** The label, (Z,Y,X) u8, in the frames of ReadCase. */
export type PredictResponse =
  | { readonly kind: "volumeBegin"; readonly volumeBegin: VolumeBegin }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind: "volumeEnd"; readonly volumeEnd: VolumeEnd }
  | { readonly kind?: undefined };

/** Asks for a picture of a batch. */
export interface PreviewRequest {
  /** A data spec as in DescribeRun. */
  readonly spec: Uint8Array;
  /** Which timeline. */
  readonly timeline: Timeline;
  /** The step. */
  readonly step: number;
  /** The stage; absent: the scheduled one. */
  readonly stage?: number;
}

/** A picture. */
export interface PreviewResponse {
  /** PNG. */
  readonly png: Uint8Array;
}

/** Asks for a volume. */
export interface ReadCaseRequest {
  /** Case id. */
  readonly case: string;
  /** Which volume. */
  readonly volume: Volume;
  /** The box to read; absent: all of it. */
  readonly region: Region | null;
}

/** The frames of one volume. */
export type ReadCaseResponse =
  | { readonly kind: "volumeBegin"; readonly volumeBegin: VolumeBegin }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind: "volumeEnd"; readonly volumeEnd: VolumeEnd }
  | { readonly kind?: undefined };

/** Asks for stored foreground locations. */
export interface ReadLocationsRequest {
  /** Case id. */
  readonly case: string;
  /** Label value. */
  readonly class: number;
  /** Numbers of the locations wanted; empty: all. */
  readonly k: readonly number[];
}

/** Stored foreground locations. */
export interface ReadLocationsResponse {
  /** Z, Y, X of each in turn, store voxels. */
  readonly zyx: readonly number[];
}

/** A box of store voxels. */
export interface Region {
  /** First voxel (Z,Y,X), inside. */
  readonly start: readonly number[];
  /** End (Z,Y,X), outside. */
  readonly end: readonly number[];
}

/** A run was opened. */
export interface RunOpened {
  /** SHA-256 (hex) of the resolved data spec. */
  readonly digest: string;
  /** Name of the data set. */
  readonly dataset: string;
  /** First step to take: 0, or where the checkpoint was written. */
  readonly firstStep: number;
  /** Steps of the whole training. */
  readonly steps: number;
  /** Epochs of the whole training. */
  readonly epochs: number;
  /** The curriculum. */
  readonly stages: readonly ScheduledStage[];
  /** Engine that takes the steps. */
  readonly engine: string;
  /** Weights to train. */
  readonly parameters: number;
}

/** A stage as scheduled. */
export interface ScheduledStage {
  /** Patch size (Z,Y,X). */
  readonly patchSize: readonly number[];
  /** Samples in a batch. */
  readonly batchSize: number;
  /** First step, unless the stage is set by hand; drawn for each step in random order. */
  readonly fromStep: number;
}

/** Asks for a stage transition. */
export interface SetStageRequest {
  /** Id of a running training. */
  readonly training: string;
  /** Stage number, from 0; absent: the one after that which from_step would have. */
  readonly stage?: number;
  /** First step with that stage; absent: the first not wanted yet, which costs no waiting. */
  readonly fromStep?: number;
  /** True: the stage holds to the end of the run. False: until the schedule reaches a later stage, which goes on from there. */
  readonly hold: boolean;
}

/** The transition holds. */
export interface SetStageResponse {
  /** The stage. */
  readonly stage: number;
  /** First step with that stage. */
  readonly fromStep: number;
  /** The first step at which the schedule goes on; absent: it never does. */
  readonly scheduleFrom?: number;
}

/** A report holds: every want from `from_step` on whose BatchBegin had not been sent is dropped, and every batch begun after
 * this message with step >= from_step has `stage`, unless its want names another. */
export interface StageApplied {
  /** As reported. */
  readonly stage: number;
  /** As reported. */
  readonly fromStep: number;
  /** The first step at which the schedule goes on; absent: it never does. */
  readonly scheduleFrom?: number;
}

/** A stage begins. */
export interface StageEntered {
  /** Stage number, from 0. */
  readonly stage: number;
  /** First step with that stage. */
  readonly fromStep: number;
  /** Why: scheduled, manual. */
  readonly reason: string;
  /** Patch size (Z,Y,X). */
  readonly patchSize: readonly number[];
  /** Samples in a batch. */
  readonly batchSize: number;
}

/** The trainer's decision that `stage` holds from `from_step` on. It drops every want from there on whose BatchBegin has not
 * been sent; the client wants those steps again. */
export interface StageReport {
  /** Stage number, from 0. */
  readonly stage: number;
  /** First step with that stage. */
  readonly fromStep: number;
  /** Why: scheduled, manual, plateau, ...; at most 200 characters. */
  readonly reason: string;
  /** What the decision rests on (loss, Dice, ...), by name; at most 64 finite numbers. */
  readonly metrics: Readonly<Record<string, number>>;
  /** True: the stage holds to the end of the run. False: until the schedule reaches a later stage, which goes on from there. */
  readonly hold: boolean;
}

/** Opens a stream for one rank of one run and timeline. */
export interface Start {
  /** The resolved spec, byte for byte as DescribeRun gave it. */
  readonly spec: Uint8Array;
  /** Which timeline. */
  readonly timeline: Timeline;
  /** This rank, from 0. */
  readonly rank: number;
  /** How many ranks share every batch; at most the smallest batch. */
  readonly ranks: number;
  /** SHA-256 (32 bytes) of the spec that was meant to be sent; checked where it is not empty. */
  readonly specSha256: Uint8Array;
}

/** The stream is open. */
export interface Started {
  /** SHA-256 (hex) of the spec received. */
  readonly digest: string;
  /** As received. */
  readonly timeline: Timeline;
  /** As received. */
  readonly rank: number;
  /** As received. */
  readonly ranks: number;
}

/** Asks for a training. */
export interface StartTrainingRequest {
  /** The run spec as UTF-8 JSON: `data` goes to the data server, `training` stays here. Left out with `resume`. */
  readonly run: Uint8Array;
  /** Addresses of data servers that serve the same store, host:port. With `resume`, empty means those of before. */
  readonly data: readonly string[];
  /** Id of a training to go on with; empty: a new one. */
  readonly resume: string;
}

/** The training is queued. */
export interface StartTrainingResponse {
  /** Its id. */
  readonly training: string;
}

/** The training changed its state. */
export interface StateChanged {
  /** The state from now on. */
  readonly state: TrainingState;
  /** Why, where it failed: one line. */
  readonly message: string;
}

/** A step was taken. */
export interface StepTaken {
  /** The step. */
  readonly step: number;
  /** Its stage. */
  readonly stage: number;
  /** Its epoch. */
  readonly epoch: number;
  /** Cross-entropy plus Dice loss. */
  readonly loss: number;
  /** Mean cross-entropy. */
  readonly crossEntropy: number;
  /** Soft Dice, 0 to 1, mean over the foreground classes. */
  readonly dice: number;
  /** L2 norm of all gradients before clipping. */
  readonly gradientNorm: number;
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** Milliseconds that the loop waited for the batch. */
  readonly waitedMs: number;
  /** Milliseconds from the batch's arrival to the end of the step. */
  readonly stepMs: number;
  /** Bytes of the batch's tensors. */
  readonly batchBytes: number;
  /** The batch's CRC-32. */
  readonly checksum: number;
}

/** Ends the stream in order: batches already begun are finished, then the server closes with OK. */
export type Stop = Record<string, never>;

/** Asks for the end of a training. */
export interface StopTrainingRequest {
  /** Its id. */
  readonly training: string;
}

/** The training has ended. */
export type StopTrainingResponse = Record<string, never>;

/** Client to server on a stream. The first message is `start`. */
export type StreamRequest =
  | { readonly kind: "start"; readonly start: Start }
  | { readonly kind: "want"; readonly want: Want }
  | { readonly kind: "stageReport"; readonly stageReport: StageReport }
  | { readonly kind: "stop"; readonly stop: Stop }
  | { readonly kind: "cancel"; readonly cancel: Cancel }
  | { readonly kind?: undefined };

/** Server to client on a stream. */
export type StreamResponse =
  | { readonly kind: "batchBegin"; readonly batchBegin: BatchBegin }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind: "batchEnd"; readonly batchEnd: BatchEnd }
  | { readonly kind: "started"; readonly started: Started }
  | { readonly kind: "stageApplied"; readonly stageApplied: StageApplied }
  | { readonly kind: "notice"; readonly notice: Notice }
  | { readonly kind: "cancelled"; readonly cancelled: Cancelled }
  | { readonly kind?: undefined };

/** One array of a batch or volume, little-endian, C order. */
export interface Tensor {
  /** `image`, `label`, or `label_` and the number of a further decoder level, from 1. */
  readonly name: string;
  /** f32, f16, bf16, i16 or u8. */
  readonly type: string;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** Bytes; the product of shape and element size. */
  readonly byteLength: number;
}

/** A training in short. */
export interface Training {
  /** Its id. */
  readonly id: string;
  /** How it stands. */
  readonly state: TrainingState;
  /** Addresses of its data servers. */
  readonly data: readonly string[];
  /** Name of the data set. */
  readonly dataset: string;
}

/** A volume begins. */
export interface VolumeBegin {
  /** Its type and shape: (C,Z,Y,X) for an image, (Z,Y,X) for labels. */
  readonly tensor: Tensor | null;
  /** CRC-32 (zlib's) over its bytes. */
  readonly checksum: number;
}

/** A volume is complete. */
export type VolumeEnd = Record<string, never>;

/** Asks for `count` batches from `first_step` on: each step is one credit and is answered by exactly one batch. */
export interface Want {
  /** First step wanted. */
  readonly firstStep: number;
  /** How many steps in a row. */
  readonly count: number;
  /** The stage to use; absent: the one scheduled for each step (or reported before on this stream). */
  readonly stage?: number;
}

/** Something the user may want to change. */
export interface Warning {
  /** Which warning: mirroring-directions. */
  readonly code: string;
  /** One line for a person. */
  readonly text: string;
}

/** Asks for a training's events. */
export interface WatchTrainingRequest {
  /** Its id. */
  readonly training: string;
}

/** One event of a training, in the order they happened. */
export type WatchTrainingResponse =
  | { readonly kind: "state"; readonly state: StateChanged }
  | { readonly kind: "opened"; readonly opened: RunOpened }
  | { readonly kind: "stage"; readonly stage: StageEntered }
  | { readonly kind: "step"; readonly step: StepTaken }
  | { readonly kind: "checkpoint"; readonly checkpoint: CheckpointWritten }
  | { readonly kind: "caseEvaluated"; readonly caseEvaluated: CaseEvaluated }
  | { readonly kind: "evaluated"; readonly evaluated: Evaluated }
  | { readonly kind: "warning"; readonly warning: Warning }
  | { readonly kind?: undefined };

/** Every message by name. */
export interface Messages {
  BatchBegin: BatchBegin;
  BatchEnd: BatchEnd;
  Cancel: Cancel;
  Cancelled: Cancelled;
  Case: Case;
  CaseEvaluated: CaseEvaluated;
  CheckpointWritten: CheckpointWritten;
  Chunk: Chunk;
  ClassDice: ClassDice;
  DescribeDatasetRequest: DescribeDatasetRequest;
  DescribeDatasetResponse: DescribeDatasetResponse;
  DescribeRunRequest: DescribeRunRequest;
  DescribeRunResponse: DescribeRunResponse;
  Evaluated: Evaluated;
  Failure: Failure;
  Geometry: Geometry;
  GetBatchRequest: GetBatchRequest;
  GetBatchResponse: GetBatchResponse;
  GetCheckpointRequest: GetCheckpointRequest;
  GetCheckpointResponse: GetCheckpointResponse;
  Limits: Limits;
  ListTrainingsRequest: ListTrainingsRequest;
  ListTrainingsResponse: ListTrainingsResponse;
  Notice: Notice;
  PredictCase: PredictCase;
  PredictImage: PredictImage;
  PredictRequest: PredictRequest;
  PredictResponse: PredictResponse;
  PreviewRequest: PreviewRequest;
  PreviewResponse: PreviewResponse;
  ReadCaseRequest: ReadCaseRequest;
  ReadCaseResponse: ReadCaseResponse;
  ReadLocationsRequest: ReadLocationsRequest;
  ReadLocationsResponse: ReadLocationsResponse;
  Region: Region;
  RunOpened: RunOpened;
  ScheduledStage: ScheduledStage;
  SetStageRequest: SetStageRequest;
  SetStageResponse: SetStageResponse;
  StageApplied: StageApplied;
  StageEntered: StageEntered;
  StageReport: StageReport;
  Start: Start;
  Started: Started;
  StartTrainingRequest: StartTrainingRequest;
  StartTrainingResponse: StartTrainingResponse;
  StateChanged: StateChanged;
  StepTaken: StepTaken;
  Stop: Stop;
  StopTrainingRequest: StopTrainingRequest;
  StopTrainingResponse: StopTrainingResponse;
  StreamRequest: StreamRequest;
  StreamResponse: StreamResponse;
  Tensor: Tensor;
  Training: Training;
  VolumeBegin: VolumeBegin;
  VolumeEnd: VolumeEnd;
  Want: Want;
  Warning: Warning;
  WatchTrainingRequest: WatchTrainingRequest;
  WatchTrainingResponse: WatchTrainingResponse;
}

/** The names of every enum's values, from 0 on. */
export const enums = {
  Retry: ["RETRY_UNSPECIFIED", "RETRY_NEVER", "RETRY_ELSEWHERE", "RETRY_AGAIN"],
  Timeline: ["TIMELINE_UNSPECIFIED", "TIMELINE_TRAIN", "TIMELINE_VAL"],
  TrainingState: ["TRAINING_STATE_UNSPECIFIED", "TRAINING_STATE_QUEUED", "TRAINING_STATE_RUNNING", "TRAINING_STATE_DONE", "TRAINING_STATE_STOPPED", "TRAINING_STATE_FAILED", "TRAINING_STATE_INTERRUPTED"],
  Volume: ["VOLUME_UNSPECIFIED", "VOLUME_IMAGE", "VOLUME_LABEL", "VOLUME_REFERENCE"],
} as const;

/** The fields of every message as they lie on the wire; `oneof` names the field that tells which one is there. */
export const layouts: Readonly<Record<keyof Messages, MessageLayout>> = {
  BatchBegin: { name: "BatchBegin", fields: [
      { name: "timeline", id: 1, rule: "single", kind: "enum", type: "Timeline" },
      { name: "step", id: 2, rule: "single", kind: "scalar", type: "uint32" },
      { name: "stage", id: 3, rule: "single", kind: "scalar", type: "uint32" },
      { name: "globalBatch", id: 4, rule: "single", kind: "scalar", type: "uint32" },
      { name: "tensors", id: 5, rule: "repeated", kind: "message", type: "Tensor" },
      { name: "checksum", id: 6, rule: "single", kind: "scalar", type: "fixed32" },
      { name: "addressChecksum", id: 7, rule: "single", kind: "scalar", type: "fixed32" },
    ] },
  BatchEnd: { name: "BatchEnd", fields: [
      { name: "step", id: 1, rule: "single", kind: "scalar", type: "uint32" },
    ] },
  Cancel: { name: "Cancel", fields: [
      { name: "firstStep", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "count", id: 2, rule: "single", kind: "scalar", type: "uint32" },
    ] },
  Cancelled: { name: "Cancelled", fields: [
      { name: "firstStep", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "count", id: 2, rule: "single", kind: "scalar", type: "uint32" },
    ] },
  Case: { name: "Case", fields: [
      { name: "id", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "shape", id: 2, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "spacingMm", id: 3, rule: "repeated", kind: "scalar", type: "double" },
      { name: "foregroundCounts", id: 4, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "digest", id: 5, rule: "single", kind: "scalar", type: "string" },
      { name: "geometry", id: 6, rule: "single", kind: "message", type: "Geometry" },
    ] },
  CaseEvaluated: { name: "CaseEvaluated", fields: [
      { name: "case", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "classes", id: 2, rule: "repeated", kind: "message", type: "ClassDice" },
      { name: "seconds", id: 3, rule: "single", kind: "scalar", type: "double" },
    ] },
  CheckpointWritten: { name: "CheckpointWritten", fields: [
      { name: "step", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "bytes", id: 2, rule: "single", kind: "scalar", type: "uint64" },
    ] },
  Chunk: { name: "Chunk", fields: [
      { name: "step", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "offset", id: 2, rule: "single", kind: "scalar", type: "uint64" },
      { name: "data", id: 3, rule: "single", kind: "scalar", type: "bytes" },
    ] },
  ClassDice: { name: "ClassDice", fields: [
      { name: "class", id: 1, rule: "single", kind: "scalar", type: "int32" },
      { name: "name", id: 2, rule: "single", kind: "scalar", type: "string" },
      { name: "dice", id: 3, rule: "optional", kind: "scalar", type: "double" },
    ] },
  DescribeDatasetRequest: { name: "DescribeDatasetRequest", fields: [] },
  DescribeDatasetResponse: { name: "DescribeDatasetResponse", fields: [
      { name: "name", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "digest", id: 2, rule: "single", kind: "scalar", type: "string" },
      { name: "channelNames", id: 3, rule: "repeated", kind: "scalar", type: "string" },
      { name: "labels", id: 4, rule: "map", kind: "scalar", type: "int32" },
      { name: "classes", id: 5, rule: "repeated", kind: "scalar", type: "int32" },
      { name: "plan", id: 6, rule: "single", kind: "scalar", type: "bytes" },
      { name: "cases", id: 7, rule: "repeated", kind: "message", type: "Case" },
      { name: "recipe", id: 8, rule: "single", kind: "scalar", type: "uint32" },
      { name: "version", id: 9, rule: "single", kind: "scalar", type: "string" },
    ] },
  DescribeRunRequest: { name: "DescribeRunRequest", fields: [
      { name: "spec", id: 1, rule: "single", kind: "scalar", type: "bytes" },
      { name: "specSha256", id: 2, rule: "single", kind: "scalar", type: "bytes" },
    ] },
  DescribeRunResponse: { name: "DescribeRunResponse", fields: [
      { name: "spec", id: 1, rule: "single", kind: "scalar", type: "bytes" },
      { name: "digest", id: 2, rule: "single", kind: "scalar", type: "string" },
      { name: "batchBytes", id: 3, rule: "repeated", kind: "scalar", type: "uint64" },
      { name: "limits", id: 4, rule: "single", kind: "message", type: "Limits" },
      { name: "validationBatchBytes", id: 5, rule: "single", kind: "scalar", type: "uint64" },
      { name: "channels", id: 6, rule: "single", kind: "scalar", type: "uint32" },
      { name: "receivedSha256", id: 7, rule: "single", kind: "scalar", type: "bytes" },
    ] },
  Evaluated: { name: "Evaluated", fields: [
      { name: "cases", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "classes", id: 2, rule: "repeated", kind: "message", type: "ClassDice" },
      { name: "meanDice", id: 3, rule: "optional", kind: "scalar", type: "double" },
    ] },
  Failure: { name: "Failure", fields: [
      { name: "code", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "facts", id: 2, rule: "single", kind: "scalar", type: "string" },
      { name: "hint", id: 3, rule: "single", kind: "scalar", type: "string" },
      { name: "retry", id: 4, rule: "single", kind: "enum", type: "Retry" },
    ] },
  Geometry: { name: "Geometry", fields: [
      { name: "affine", id: 1, rule: "repeated", kind: "scalar", type: "double" },
      { name: "originalShape", id: 2, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "originalSpacingMm", id: 3, rule: "repeated", kind: "scalar", type: "double" },
      { name: "transpose", id: 4, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "cropStart", id: 5, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "cropEnd", id: 6, rule: "repeated", kind: "scalar", type: "uint32" },
    ] },
  GetBatchRequest: { name: "GetBatchRequest", fields: [
      { name: "spec", id: 1, rule: "single", kind: "scalar", type: "bytes" },
      { name: "timeline", id: 2, rule: "single", kind: "enum", type: "Timeline" },
      { name: "step", id: 3, rule: "single", kind: "scalar", type: "uint32" },
      { name: "stage", id: 4, rule: "optional", kind: "scalar", type: "uint32" },
      { name: "rank", id: 5, rule: "single", kind: "scalar", type: "uint32" },
      { name: "ranks", id: 6, rule: "single", kind: "scalar", type: "uint32" },
      { name: "specSha256", id: 7, rule: "single", kind: "scalar", type: "bytes" },
    ] },
  GetBatchResponse: { name: "GetBatchResponse", oneof: "kind", fields: [
      { name: "batchBegin", id: 1, rule: "single", kind: "message", type: "BatchBegin" },
      { name: "chunk", id: 2, rule: "single", kind: "message", type: "Chunk" },
      { name: "batchEnd", id: 3, rule: "single", kind: "message", type: "BatchEnd" },
    ] },
  GetCheckpointRequest: { name: "GetCheckpointRequest", fields: [
      { name: "training", id: 1, rule: "single", kind: "scalar", type: "string" },
    ] },
  GetCheckpointResponse: { name: "GetCheckpointResponse", fields: [
      { name: "offset", id: 1, rule: "single", kind: "scalar", type: "uint64" },
      { name: "totalBytes", id: 2, rule: "single", kind: "scalar", type: "uint64" },
      { name: "data", id: 3, rule: "single", kind: "scalar", type: "bytes" },
    ] },
  Limits: { name: "Limits", fields: [
      { name: "maxOutstandingBytes", id: 1, rule: "single", kind: "scalar", type: "uint64" },
      { name: "maxSpecBytes", id: 2, rule: "single", kind: "scalar", type: "uint64" },
      { name: "maxMessageBytes", id: 3, rule: "single", kind: "scalar", type: "uint64" },
      { name: "maxBatchBytes", id: 4, rule: "single", kind: "scalar", type: "uint64" },
      { name: "maxStreams", id: 5, rule: "single", kind: "scalar", type: "uint32" },
      { name: "maxOutstandingSteps", id: 6, rule: "single", kind: "scalar", type: "uint32" },
      { name: "maxStallMs", id: 7, rule: "single", kind: "scalar", type: "uint32" },
    ] },
  ListTrainingsRequest: { name: "ListTrainingsRequest", fields: [] },
  ListTrainingsResponse: { name: "ListTrainingsResponse", fields: [
      { name: "trainings", id: 1, rule: "repeated", kind: "message", type: "Training" },
    ] },
  Notice: { name: "Notice", fields: [
      { name: "code", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "text", id: 2, rule: "single", kind: "scalar", type: "string" },
    ] },
  PredictCase: { name: "PredictCase", fields: [
      { name: "training", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "data", id: 2, rule: "single", kind: "scalar", type: "string" },
      { name: "case", id: 3, rule: "single", kind: "scalar", type: "string" },
    ] },
  PredictImage: { name: "PredictImage", fields: [
      { name: "training", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "tensor", id: 2, rule: "single", kind: "message", type: "Tensor" },
    ] },
  PredictRequest: { name: "PredictRequest", oneof: "kind", fields: [
      { name: "case", id: 1, rule: "single", kind: "message", type: "PredictCase" },
      { name: "image", id: 2, rule: "single", kind: "message", type: "PredictImage" },
      { name: "chunk", id: 3, rule: "single", kind: "message", type: "Chunk" },
    ] },
  PredictResponse: { name: "PredictResponse", oneof: "kind", fields: [
      { name: "volumeBegin", id: 1, rule: "single", kind: "message", type: "VolumeBegin" },
      { name: "chunk", id: 2, rule: "single", kind: "message", type: "Chunk" },
      { name: "volumeEnd", id: 3, rule: "single", kind: "message", type: "VolumeEnd" },
    ] },
  PreviewRequest: { name: "PreviewRequest", fields: [
      { name: "spec", id: 1, rule: "single", kind: "scalar", type: "bytes" },
      { name: "timeline", id: 2, rule: "single", kind: "enum", type: "Timeline" },
      { name: "step", id: 3, rule: "single", kind: "scalar", type: "uint32" },
      { name: "stage", id: 4, rule: "optional", kind: "scalar", type: "uint32" },
    ] },
  PreviewResponse: { name: "PreviewResponse", fields: [
      { name: "png", id: 1, rule: "single", kind: "scalar", type: "bytes" },
    ] },
  ReadCaseRequest: { name: "ReadCaseRequest", fields: [
      { name: "case", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "volume", id: 2, rule: "single", kind: "enum", type: "Volume" },
      { name: "region", id: 3, rule: "single", kind: "message", type: "Region" },
    ] },
  ReadCaseResponse: { name: "ReadCaseResponse", oneof: "kind", fields: [
      { name: "volumeBegin", id: 1, rule: "single", kind: "message", type: "VolumeBegin" },
      { name: "chunk", id: 2, rule: "single", kind: "message", type: "Chunk" },
      { name: "volumeEnd", id: 3, rule: "single", kind: "message", type: "VolumeEnd" },
    ] },
  ReadLocationsRequest: { name: "ReadLocationsRequest", fields: [
      { name: "case", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "class", id: 2, rule: "single", kind: "scalar", type: "int32" },
      { name: "k", id: 3, rule: "repeated", kind: "scalar", type: "uint32" },
    ] },
  ReadLocationsResponse: { name: "ReadLocationsResponse", fields: [
      { name: "zyx", id: 1, rule: "repeated", kind: "scalar", type: "uint32" },
    ] },
  Region: { name: "Region", fields: [
      { name: "start", id: 1, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "end", id: 2, rule: "repeated", kind: "scalar", type: "uint32" },
    ] },
  RunOpened: { name: "RunOpened", fields: [
      { name: "digest", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "dataset", id: 2, rule: "single", kind: "scalar", type: "string" },
      { name: "firstStep", id: 3, rule: "single", kind: "scalar", type: "uint32" },
      { name: "steps", id: 4, rule: "single", kind: "scalar", type: "uint32" },
      { name: "epochs", id: 5, rule: "single", kind: "scalar", type: "uint32" },
      { name: "stages", id: 6, rule: "repeated", kind: "message", type: "ScheduledStage" },
      { name: "engine", id: 7, rule: "single", kind: "scalar", type: "string" },
      { name: "parameters", id: 8, rule: "single", kind: "scalar", type: "uint32" },
    ] },
  ScheduledStage: { name: "ScheduledStage", fields: [
      { name: "patchSize", id: 1, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "batchSize", id: 2, rule: "single", kind: "scalar", type: "uint32" },
      { name: "fromStep", id: 3, rule: "single", kind: "scalar", type: "uint32" },
    ] },
  SetStageRequest: { name: "SetStageRequest", fields: [
      { name: "training", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "stage", id: 2, rule: "optional", kind: "scalar", type: "uint32" },
      { name: "fromStep", id: 3, rule: "optional", kind: "scalar", type: "uint32" },
      { name: "hold", id: 4, rule: "single", kind: "scalar", type: "bool" },
    ] },
  SetStageResponse: { name: "SetStageResponse", fields: [
      { name: "stage", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "fromStep", id: 2, rule: "single", kind: "scalar", type: "uint32" },
      { name: "scheduleFrom", id: 3, rule: "optional", kind: "scalar", type: "uint32" },
    ] },
  StageApplied: { name: "StageApplied", fields: [
      { name: "stage", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "fromStep", id: 2, rule: "single", kind: "scalar", type: "uint32" },
      { name: "scheduleFrom", id: 3, rule: "optional", kind: "scalar", type: "uint32" },
    ] },
  StageEntered: { name: "StageEntered", fields: [
      { name: "stage", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "fromStep", id: 2, rule: "single", kind: "scalar", type: "uint32" },
      { name: "reason", id: 3, rule: "single", kind: "scalar", type: "string" },
      { name: "patchSize", id: 4, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "batchSize", id: 5, rule: "single", kind: "scalar", type: "uint32" },
    ] },
  StageReport: { name: "StageReport", fields: [
      { name: "stage", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "fromStep", id: 2, rule: "single", kind: "scalar", type: "uint32" },
      { name: "reason", id: 3, rule: "single", kind: "scalar", type: "string" },
      { name: "metrics", id: 4, rule: "map", kind: "scalar", type: "double" },
      { name: "hold", id: 5, rule: "single", kind: "scalar", type: "bool" },
    ] },
  Start: { name: "Start", fields: [
      { name: "spec", id: 1, rule: "single", kind: "scalar", type: "bytes" },
      { name: "timeline", id: 2, rule: "single", kind: "enum", type: "Timeline" },
      { name: "rank", id: 3, rule: "single", kind: "scalar", type: "uint32" },
      { name: "ranks", id: 4, rule: "single", kind: "scalar", type: "uint32" },
      { name: "specSha256", id: 5, rule: "single", kind: "scalar", type: "bytes" },
    ] },
  Started: { name: "Started", fields: [
      { name: "digest", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "timeline", id: 2, rule: "single", kind: "enum", type: "Timeline" },
      { name: "rank", id: 3, rule: "single", kind: "scalar", type: "uint32" },
      { name: "ranks", id: 4, rule: "single", kind: "scalar", type: "uint32" },
    ] },
  StartTrainingRequest: { name: "StartTrainingRequest", fields: [
      { name: "run", id: 1, rule: "single", kind: "scalar", type: "bytes" },
      { name: "data", id: 2, rule: "repeated", kind: "scalar", type: "string" },
      { name: "resume", id: 3, rule: "single", kind: "scalar", type: "string" },
    ] },
  StartTrainingResponse: { name: "StartTrainingResponse", fields: [
      { name: "training", id: 1, rule: "single", kind: "scalar", type: "string" },
    ] },
  StateChanged: { name: "StateChanged", fields: [
      { name: "state", id: 1, rule: "single", kind: "enum", type: "TrainingState" },
      { name: "message", id: 2, rule: "single", kind: "scalar", type: "string" },
    ] },
  StepTaken: { name: "StepTaken", fields: [
      { name: "step", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "stage", id: 2, rule: "single", kind: "scalar", type: "uint32" },
      { name: "epoch", id: 3, rule: "single", kind: "scalar", type: "uint32" },
      { name: "loss", id: 4, rule: "single", kind: "scalar", type: "double" },
      { name: "crossEntropy", id: 5, rule: "single", kind: "scalar", type: "double" },
      { name: "dice", id: 6, rule: "single", kind: "scalar", type: "double" },
      { name: "gradientNorm", id: 7, rule: "single", kind: "scalar", type: "double" },
      { name: "learningRate", id: 8, rule: "single", kind: "scalar", type: "double" },
      { name: "waitedMs", id: 9, rule: "single", kind: "scalar", type: "double" },
      { name: "stepMs", id: 10, rule: "single", kind: "scalar", type: "double" },
      { name: "batchBytes", id: 11, rule: "single", kind: "scalar", type: "uint64" },
      { name: "checksum", id: 12, rule: "single", kind: "scalar", type: "fixed32" },
    ] },
  Stop: { name: "Stop", fields: [] },
  StopTrainingRequest: { name: "StopTrainingRequest", fields: [
      { name: "training", id: 1, rule: "single", kind: "scalar", type: "string" },
    ] },
  StopTrainingResponse: { name: "StopTrainingResponse", fields: [] },
  StreamRequest: { name: "StreamRequest", oneof: "kind", fields: [
      { name: "start", id: 1, rule: "single", kind: "message", type: "Start" },
      { name: "want", id: 2, rule: "single", kind: "message", type: "Want" },
      { name: "stageReport", id: 3, rule: "single", kind: "message", type: "StageReport" },
      { name: "stop", id: 4, rule: "single", kind: "message", type: "Stop" },
      { name: "cancel", id: 5, rule: "single", kind: "message", type: "Cancel" },
    ] },
  StreamResponse: { name: "StreamResponse", oneof: "kind", fields: [
      { name: "batchBegin", id: 1, rule: "single", kind: "message", type: "BatchBegin" },
      { name: "chunk", id: 2, rule: "single", kind: "message", type: "Chunk" },
      { name: "batchEnd", id: 3, rule: "single", kind: "message", type: "BatchEnd" },
      { name: "started", id: 4, rule: "single", kind: "message", type: "Started" },
      { name: "stageApplied", id: 5, rule: "single", kind: "message", type: "StageApplied" },
      { name: "notice", id: 6, rule: "single", kind: "message", type: "Notice" },
      { name: "cancelled", id: 7, rule: "single", kind: "message", type: "Cancelled" },
    ] },
  Tensor: { name: "Tensor", fields: [
      { name: "name", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "type", id: 2, rule: "single", kind: "scalar", type: "string" },
      { name: "shape", id: 3, rule: "repeated", kind: "scalar", type: "uint32" },
      { name: "byteLength", id: 4, rule: "single", kind: "scalar", type: "uint64" },
    ] },
  Training: { name: "Training", fields: [
      { name: "id", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "state", id: 2, rule: "single", kind: "enum", type: "TrainingState" },
      { name: "data", id: 3, rule: "repeated", kind: "scalar", type: "string" },
      { name: "dataset", id: 4, rule: "single", kind: "scalar", type: "string" },
    ] },
  VolumeBegin: { name: "VolumeBegin", fields: [
      { name: "tensor", id: 1, rule: "single", kind: "message", type: "Tensor" },
      { name: "checksum", id: 2, rule: "single", kind: "scalar", type: "fixed32" },
    ] },
  VolumeEnd: { name: "VolumeEnd", fields: [] },
  Want: { name: "Want", fields: [
      { name: "firstStep", id: 1, rule: "single", kind: "scalar", type: "uint32" },
      { name: "count", id: 2, rule: "single", kind: "scalar", type: "uint32" },
      { name: "stage", id: 3, rule: "optional", kind: "scalar", type: "uint32" },
    ] },
  Warning: { name: "Warning", fields: [
      { name: "code", id: 1, rule: "single", kind: "scalar", type: "string" },
      { name: "text", id: 2, rule: "single", kind: "scalar", type: "string" },
    ] },
  WatchTrainingRequest: { name: "WatchTrainingRequest", fields: [
      { name: "training", id: 1, rule: "single", kind: "scalar", type: "string" },
    ] },
  WatchTrainingResponse: { name: "WatchTrainingResponse", oneof: "kind", fields: [
      { name: "state", id: 1, rule: "single", kind: "message", type: "StateChanged" },
      { name: "opened", id: 2, rule: "single", kind: "message", type: "RunOpened" },
      { name: "stage", id: 3, rule: "single", kind: "message", type: "StageEntered" },
      { name: "step", id: 4, rule: "single", kind: "message", type: "StepTaken" },
      { name: "checkpoint", id: 5, rule: "single", kind: "message", type: "CheckpointWritten" },
      { name: "caseEvaluated", id: 6, rule: "single", kind: "message", type: "CaseEvaluated" },
      { name: "evaluated", id: 7, rule: "single", kind: "message", type: "Evaluated" },
      { name: "warning", id: 8, rule: "single", kind: "message", type: "Warning" },
    ] },
};

/** Every service: its methods, what goes in and out, and which side streams. */
export const services = {
  DataService: {
    describeDataset: { request: "DescribeDatasetRequest", response: "DescribeDatasetResponse", requestStream: false, responseStream: false },
    describeRun: { request: "DescribeRunRequest", response: "DescribeRunResponse", requestStream: false, responseStream: false },
    stream: { request: "StreamRequest", response: "StreamResponse", requestStream: true, responseStream: true },
    getBatch: { request: "GetBatchRequest", response: "GetBatchResponse", requestStream: false, responseStream: true },
    readCase: { request: "ReadCaseRequest", response: "ReadCaseResponse", requestStream: false, responseStream: true },
    readLocations: { request: "ReadLocationsRequest", response: "ReadLocationsResponse", requestStream: false, responseStream: false },
    preview: { request: "PreviewRequest", response: "PreviewResponse", requestStream: false, responseStream: false },
  },
  TrainerService: {
    startTraining: { request: "StartTrainingRequest", response: "StartTrainingResponse", requestStream: false, responseStream: false },
    watchTraining: { request: "WatchTrainingRequest", response: "WatchTrainingResponse", requestStream: false, responseStream: true },
    setStage: { request: "SetStageRequest", response: "SetStageResponse", requestStream: false, responseStream: false },
    stopTraining: { request: "StopTrainingRequest", response: "StopTrainingResponse", requestStream: false, responseStream: false },
    listTrainings: { request: "ListTrainingsRequest", response: "ListTrainingsResponse", requestStream: false, responseStream: false },
    getCheckpoint: { request: "GetCheckpointRequest", response: "GetCheckpointResponse", requestStream: false, responseStream: true },
    predict: { request: "PredictRequest", response: "PredictResponse", requestStream: true, responseStream: true },
  },
} as const;
