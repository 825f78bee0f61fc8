// Generated from proto/patchstream/v1/*.proto by `npm run generate`; change those.

/** Which checkpoint of a training. */
export type CheckpointKind = "CHECKPOINT_KIND_UNSPECIFIED" | "CHECKPOINT_KIND_LATEST" | "CHECKPOINT_KIND_BEST";

/** How a data server is to a training. */
export type ReplicaState = "REPLICA_STATE_UNSPECIFIED" | "REPLICA_STATE_IDLE" | "REPLICA_STATE_OPENING" | "REPLICA_STATE_SERVING" | "REPLICA_STATE_LEAVING" | "REPLICA_STATE_SILENT" | "REPLICA_STATE_LOST" | "REPLICA_STATE_REFUSED";

/** Whether another attempt at a failed call can help. */
export type Retry = "RETRY_UNSPECIFIED" | "RETRY_NEVER" | "RETRY_ELSEWHERE" | "RETRY_AGAIN";

/** Where a batch lies in a run beside its step. */
export type Timeline = "TIMELINE_UNSPECIFIED" | "TIMELINE_TRAIN" | "TIMELINE_VAL";

/** How a training stands. */
export type TrainingState = "TRAINING_STATE_UNSPECIFIED" | "TRAINING_STATE_QUEUED" | "TRAINING_STATE_RUNNING" | "TRAINING_STATE_DONE" | "TRAINING_STATE_STOPPED" | "TRAINING_STATE_FAILED" | "TRAINING_STATE_INTERRUPTED" | "TRAINING_STATE_DAMAGED";

/** A stored volume of a case. */
export type Volume = "VOLUME_UNSPECIFIED" | "VOLUME_IMAGE" | "VOLUME_LABEL" | "VOLUME_REFERENCE";

/** A batch that is waited for. */
export interface AwaitedBatch {
  /** Which timeline. */
  readonly timeline: Timeline;
  /** The step. */
  readonly step: number;
  /** Its stage. */
  readonly stage: number;
  /** Milliseconds since the loop asked for it. */
  readonly waitedMs: number;
  /** Addresses of the data servers that owe it; none where no data server takes wants. */
  readonly asked: readonly string[];
}

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
  /** CRC-32 (zlib's) over the text "DIGEST TIMELINE STEP STAGE RANK RANKS": the run digest in hex, `train` or `val`, decimal
   * numbers, a space between each two. Whoever asked knows the text: a batch of another address does not match. */
  readonly addressChecksum: number;
  /** What each sample of this rank's share is. */
  readonly samples: Samples | null;
}

/** A batch is complete. */
export interface BatchEnd {
  /** The step. */
  readonly step: number;
  /** CRC-32 (zlib's) over all tensor bytes in their order. It comes last, so that a server may send what it has before the rest is there. */
  readonly checksum: number;
  /** Microseconds of this server's time that the batch took: from the end of the batch that it sent before, on whatever stream, or from the
   * want where that came later. Absent: the server does not say. */
  readonly servedUs?: number;
  /** Another stream was given the same cut before. Absent: the server does not say. */
  readonly shared?: boolean;
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
  /** It has no label, and is there for prediction: no run may train or validate on it. */
  readonly unlabelled: boolean;
}

/** A held-out case was evaluated on the original grid. */
export interface CaseEvaluated {
  /** Case id. */
  readonly case: string;
  /** Dice of each foreground class. */
  readonly classes: readonly ClassDice[];
  /** Seconds for reading, prediction and comparison. */
  readonly seconds: number;
  /** What the Dice of each class is made of, in the order of `classes`: all that nnU-Net's summary.json says. Empty where an older trainer
   * tells it. */
  readonly voxels: readonly ClassVoxels[];
}

/** A checkpoint is on disk. */
export interface CheckpointWritten {
  /** Steps it holds: the next step to take. */
  readonly step: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Which of the training's checkpoints. */
  readonly kind: CheckpointKind;
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

/** Voxels of a class or region in a label and its reference; those of the ignore label are left out. */
export interface ClassVoxels {
  /** Label values that are of it, as the source's files have them. */
  readonly values: readonly number[];
  /** Voxels in both. */
  readonly truePositive: number;
  /** In the label alone. */
  readonly falsePositive: number;
  /** In the reference alone. */
  readonly falseNegative: number;
  /** In neither. */
  readonly trueNegative: number;
}

/** Asks for DescribeDatasetResponse, a page of cases at a time. Without a field set, the first page. */
export interface DescribeDatasetRequest {
  /** How many cases a page may have; 0: as many as the server likes. It may send fewer: a page has some 256 KiB at most. */
  readonly pageSize: number;
  /** `next_page_token` of the page before; empty: the first page. A token of what the data set was before is refused with ABORTED
   * (DATASET_CHANGED): begin again with the first page. */
  readonly pageToken: string;
}

/** The served store. Every page says all of it but the cases. */
export interface DescribeDatasetResponse {
  /** The store's name; a spec's `dataset` must equal it. */
  readonly name: string;
  /** SHA-256 (hex) over the sorted list of case, shape, spacing, dtype and SHA-256 of the decoded arrays. */
  readonly digest: string;
  /** Channel names, in channel order. */
  readonly channelNames: readonly string[];
  /** Label name to value, background included and the ignore label not. Values are 0 to n - 1 without a gap. */
  readonly labels: Readonly<Record<string, number>>;
  /** What foreground patches are drawn by, ascending: the foreground values, or 1 to n where there are `regions`. */
  readonly classes: readonly number[];
  /** The network plan stored at ingest, as UTF-8 JSON: what `data.plan` of a run spec overrides. */
  readonly plan: Uint8Array;
  /** This page's cases; those of all pages are sorted by id. */
  readonly cases: readonly Case[];
  /** The recipe that this server speaks. */
  readonly recipe: number;
  /** The server's package version. */
  readonly version: string;
  /** What the source's files call each label value, by that value. */
  readonly sourceValues: readonly number[];
  /** Unions of label values that are learnt as one each, in the order of `classes`; empty where classes are single values. */
  readonly regions: readonly LabelRegion[];
  /** The label value of voxels that nobody has labelled; the largest one. */
  readonly ignoreLabel?: number;
  /** `batch_dice` of the plans.json stored at ingest: whether a training's Dice loss sums over the batch. Absent: the store does not say. */
  readonly batchDice?: boolean;
  /** How many cases all pages have. */
  readonly caseCount: number;
  /** Asks for the page after this one; empty where this is the last. Opaque. */
  readonly nextPageToken: string;
}

/** Asks what a checkpoint takes. */
export interface DescribeModelRequest {
  /** Id of the training. */
  readonly training: string;
  /** Which checkpoint; absent: the latest. */
  readonly checkpoint?: CheckpointKind;
}

/** A checkpoint without its weights. */
export interface DescribeModelResponse {
  /** Steps that it holds. */
  readonly step: number;
  /** Name of the data set that it was trained on. */
  readonly dataset: string;
  /** nnU-Net's plans.json of the run, UTF-8: how raw images were preprocessed. */
  readonly plans: Uint8Array;
  /** Channel names, in channel order. */
  readonly channelNames: readonly string[];
  /** Label name to label value, as DescribeDataset has them. */
  readonly labels: Readonly<Record<string, number>>;
  /** What the source's files call each label value, by that value. */
  readonly sourceValues: readonly number[];
  /** What foreground patches were drawn by, as DescribeDataset has them. */
  readonly classes: readonly number[];
  /** What the network's outputs stand for where these are regions, in the order of `classes`. */
  readonly regions: readonly LabelRegion[];
  /** The label value of voxels that nobody has labelled. */
  readonly ignoreLabel?: number;
  /** Size of the sliding window (Z,Y,X). */
  readonly patchSize: readonly number[];
}

/** Asks for a run's description. */
export interface DescribeRunRequest {
  /** The `data` part of a run spec as UTF-8 JSON; what is left out is filled in. */
  readonly spec: Uint8Array;
  /** SHA-256 (32 bytes) of the spec that was meant to be sent; checked where it is not empty. */
  readonly specSha256: Uint8Array;
  /** How many ranks are to share every batch: the answer's `shares` are theirs. 0 means 1; at most the smallest batch. */
  readonly ranks: number;
}

/** What a run of a spec is: everything that a client would otherwise have to compute. */
export interface DescribeRunResponse {
  /** The resolved spec, RFC 8785 canonical JSON. Send these bytes back unchanged in Start and GetBatch. */
  readonly spec: Uint8Array;
  /** SHA-256 (hex) over `spec`. */
  readonly digest: string;
  /** SHA-256 (32 bytes) of the spec as it was received. */
  readonly receivedSha256: Uint8Array;
  /** What this server refuses beyond. */
  readonly limits: Limits | null;
  /** Channels of the images. */
  readonly channels: number;
  /** The timeline that a training goes through. */
  readonly train: RunTimeline | null;
  /** The timeline of validation batches. */
  readonly val: RunTimeline | null;
  /** nnU-Net's plans.json (UTF-8): that of the store, with the patch, batch and network of this run's plan in its configuration `3d_fullres`. */
  readonly plansJson: Uint8Array;
  /** nnU-Net's dataset.json (UTF-8): channel names, and labels (or regions) with the values that batches have. */
  readonly datasetJson: Uint8Array;
}

/** Asks what a training was started with. */
export interface DescribeTrainingRequest {
  /** Its id. */
  readonly training: string;
}

/** What a training was started with, and how its data servers do. */
export interface DescribeTrainingResponse {
  /** The run spec as it was sent, as UTF-8 JSON. */
  readonly run: Uint8Array;
  /** Addresses of its data servers: those of the start, or of the last resume that named others. */
  readonly data: readonly string[];
  /** How these do; absent where it does not run, in its first second, and where the trainer does not say it. */
  readonly fleet: Fleet | null;
}

/** An epoch has ended. */
export interface EpochEnded {
  /** The epoch, from 0. */
  readonly epoch: number;
  /** Steps taken in the whole training: the next step to take. */
  readonly stepsTaken: number;
  /** Mean loss of its training steps. */
  readonly loss: number;
  /** Mean loss of its validation batches, at full patch; absent where the run has none. */
  readonly validationLoss?: number;
  /** Pseudo Dice of each foreground class: over all voxels of the epoch's validation batches, as nnU-Net. Empty without validation. */
  readonly pseudoDice: readonly ClassDice[];
  /** Mean over the classes that have one. */
  readonly meanPseudoDice?: number;
  /** Moving average: 0.9 of that of the epoch before, 0.1 of the mean (nnU-Net's). */
  readonly smoothedPseudoDice?: number;
  /** Whether the moving average is the highest so far: the best checkpoint is of this epoch. */
  readonly best: boolean;
  /** Learning rate of its last step. */
  readonly learningRate: number;
  /** Samples trained on. */
  readonly samples: number;
  /** Seconds of its training steps, waiting included; without those before a training was resumed. */
  readonly trainSeconds: number;
  /** Seconds of them that the loop waited for batches. */
  readonly waitedSeconds: number;
  /** Seconds of its validation. */
  readonly validationSeconds: number;
  /** Seconds that the rest of the training is expected to take, from what each stage has cost so far; without the evaluation. */
  readonly secondsLeft: number;
}

/** All held-out cases were evaluated. */
export interface Evaluated {
  /** Cases evaluated. */
  readonly cases: number;
  /** Mean over cases of each foreground class. */
  readonly classes: readonly ClassDice[];
  /** Mean over the classes; absent where no class has a Dice. */
  readonly meanDice?: number;
  /** Which checkpoint was evaluated: the latest, which is that of the last step (nnU-Net's final one). */
  readonly checkpoint: CheckpointKind;
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

/** The data servers of a training, as its process sees them. */
export interface Fleet {
  /** Each of them; a name may stand for several. */
  readonly replicas: readonly Replica[];
  /** The batch that the training waits for; absent where it waits for none. */
  readonly awaited: AwaitedBatch | null;
  /** Milliseconds since its process saw this, once a second: more where a step keeps it busy. */
  readonly ageMs: number;
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
  /** How the NIfTI file of a label on the source's grid begins: its header with the four bytes after it, of a label of one byte a voxel.
   * Of a NIfTI source its version, byte order, voxel sizes, units, qform and sform are the source's, bit by bit. Empty: an older server. */
  readonly labelHeader: Uint8Array;
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
  /** Which one; absent: the latest. */
  readonly checkpoint?: CheckpointKind;
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

/** A union of label values: nnU-Net's region-based training. */
export interface LabelRegion {
  /** Its name. */
  readonly name: string;
  /** The label values that it is made of, ascending. */
  readonly values: readonly number[];
  /** What a predicted voxel of it is called in files, in the source's values; later regions go over earlier ones. */
  readonly exportValue: number;
}

/** Beyond any of these a call ends with RESOURCE_EXHAUSTED. `limit` of the failure's facts is the name of the field here; whether
 * another attempt can help is in Failure.retry. */
export interface Limits {
  /** Bytes of this rank's wanted but unsent batches on one stream; a single batch is always allowed up to `max_batch_bytes`. Fatal. */
  readonly maxOutstandingBytes: number;
  /** Steps wanted but unsent on one stream. Fatal. */
  readonly maxOutstandingSteps: number;
  /** Bytes of one rank's batch. Fatal. */
  readonly maxBatchBytes: number;
  /** Samples of one rank's batch. Fatal. */
  readonly maxSamples: number;
  /** Stage reports on one stream that still matter. Fatal. */
  readonly maxStageDecisions: number;
  /** Bytes of a spec. Fatal. */
  readonly maxSpecBytes: number;
  /** Bytes of one message received by the server. Fatal. */
  readonly maxMessageBytes: number;
  /** Streams open at once on the server. Another server, or this one later. */
  readonly maxStreams: number;
  /** Those of one peer: all ports of one host. Another server, or this one later. */
  readonly maxStreamsOfOnePeer: number;
  /** Other calls in progress at once on the server. Another server, or this one later. */
  readonly maxCalls: number;
  /** Those of one peer. Another server, or this one later. */
  readonly maxCallsOfOnePeer: number;
  /** Milliseconds for which a client may take nothing of what is on its way to it. The stream is reset, so that RESOURCE_EXHAUSTED comes
   * without details; a new stream goes on. */
  readonly maxStallMs: number;
  /** The same while others wait for memory that batches take. */
  readonly maxStallWhenNeededMs: number;
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

/** Asks for a lane. */
export type OpenLaneRequest = Record<string, never>;

/** Where a lane can be opened, once. */
export interface OpenLaneResponse {
  /** A port of the server that answers. It speaks TLS where gRPC does, with the same certificates. 0 for a server on a Unix
   * socket: its lane is the socket at the same path with ".lane" behind it. */
  readonly port: number;
  /** 32 bytes: the first message on the lane. Good for one connection. */
  readonly ticket: Uint8Array;
  /** Milliseconds for which the ticket is good. */
  readonly ticketMs: number;
  /** Who has sent nothing for so many milliseconds sends an empty message. Who hears nothing for three times as long hangs up. */
  readonly heartbeatMs: number;
}

/** How fast the trainer behind a stream goes: what a server needs to say how many servers would keep it from waiting. Means over its latest
 * steps. It is sent on the streams to all servers, whichever the batches came from, and changes no batch. */
export interface Pace {
  /** Microseconds of a step for which the trainer did not wait for its batch. */
  readonly stepUs: number;
  /** Microseconds of a step for which it did. */
  readonly waitedUs: number;
  /** `served_us` of a batch. */
  readonly servedUs: number;
}

/** A case to label, on its source file's own grid. */
export interface PredictCase {
  /** Id of the training whose checkpoint is used. */
  readonly training: string;
  /** Address of a data server; empty: those of the training. */
  readonly data: string;
  /** Case id. */
  readonly case: string;
  /** Which checkpoint; absent: the latest. */
  readonly checkpoint?: CheckpointKind;
  /** Ids of further trainings of the same data and plan, such as other folds: the mean of all logits counts. */
  readonly averageWith: readonly string[];
  /** True: no mean over mirrored images. */
  readonly withoutMirroring: boolean;
}

/** A preprocessed image (float32, (C,Z,Y,X), as the store holds it) to label. */
export interface PredictImage {
  /** Id of the training whose checkpoint is used. */
  readonly training: string;
  /** Type f32 and shape (C,Z,Y,X). */
  readonly tensor: Tensor | null;
  /** Which checkpoint; absent: the latest. */
  readonly checkpoint?: CheckpointKind;
  /** How the image maps back to its source file, on whose grid the label is then; `affine` and `label_header`
   * may be empty. Absent: the label is on the
   * image's own grid. */
  readonly geometry: Geometry | null;
  /** Spacing of the image in mm (Z,Y,X); needed with `geometry`. */
  readonly spacingMm: readonly number[];
  /** Ids of further trainings of the same data and plan, such as other folds: the mean of all logits counts. */
  readonly averageWith: readonly string[];
  /** True: no mean over mirrored images. */
  readonly withoutMirroring: boolean;
}

/** A prediction begins. */
export interface PredictionBegin {
  /** Steps that each checkpoint holds, `training`'s first. */
  readonly steps: readonly number[];
  /** What the source's files call each label value, by that value; empty for a checkpoint of an older version, which does not say it. */
  readonly sourceValues: readonly number[];
}

/** How far a prediction is. */
export interface PredictionProgress {
  /** Share of the windows that are done, 0 to 1. */
  readonly share: number;
}

/** Client to trainer: first `case` or `image`; after `image` its chunks. */
export type PredictRequest =
  | { readonly kind: "case"; readonly case: PredictCase }
  | { readonly kind: "image"; readonly image: PredictImage }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind?: undefined };

/** The label, (Z,Y,X) u8: stored label values, which `source_values` translates. */
export type PredictResponse =
  | { readonly kind: "volumeBegin"; readonly volumeBegin: VolumeBegin }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind: "volumeEnd"; readonly volumeEnd: VolumeEnd }
  | { readonly kind: "predictionBegin"; readonly predictionBegin: PredictionBegin }
  | { readonly kind: "progress"; readonly progress: PredictionProgress }
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
  /** Which page of the batch's samples, from 1; absent: the first. */
  readonly page?: number;
  /** Which channel of the image, from 0; absent: the first. */
  readonly channel?: number;
}

/** A picture. */
export interface PreviewResponse {
  /** PNG. */
  readonly png: Uint8Array;
  /** How many pages the batch has. */
  readonly pages: number;
  /** First sample of this page, from 0. */
  readonly firstSample: number;
  /** Samples on this page. */
  readonly samples: number;
}

/** What each rank from `first_rank` to before `end_rank` gets of a batch of a stage. */
export interface RankShare {
  /** The first of these ranks. */
  readonly firstRank: number;
  /** End of these ranks, outside. */
  readonly endRank: number;
  /** Samples of the batch that each of them gets. */
  readonly samples: number;
  /** What a rank's loss, a mean over its samples, is to be multiplied by where the gradients of the ranks are averaged, as
   * DistributedDataParallel does: ranks x samples / batch_size. The average is then the gradient of the mean over the whole batch. 1 where
   * all shares are equal. */
  readonly lossWeight: number;
  /** The tensors that each of them gets, as in BatchBegin. */
  readonly tensors: readonly Tensor[];
  /** Bytes of these tensors together: what a want of one step counts against `max_outstanding_bytes`. */
  readonly byteLength: number;
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

/** A data server, as a training sees it. Counts are of the training's process: they begin anew when it goes on. */
export interface Replica {
  /** As it is called: host:port or unix:/path, with the IP address that its name stands for. */
  readonly address: string;
  /** How it is. */
  readonly state: ReplicaState;
  /** Milliseconds since anything came from it; absent where nothing has. */
  readonly heardMs?: number;
  /** Batches that came from it whole, for training and for validation. */
  readonly batches: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Those of them that were cut for another training, too. */
  readonly sharedBatches: number;
  /** Batches whose bytes were not those of their checksum. They were asked for again. */
  readonly damagedBatches: number;
  /** Batches that were asked of others since it was silent, or its stream was lost. */
  readonly failovers: number;
  /** Batches that it owes. */
  readonly owed: number;
  /** What it is worth: bytes a second while it owes more. Absent where it was not measured lately. */
  readonly bytesPerSecond?: number;
  /** Milliseconds of its own time for a batch, mean of the last ones. Absent where it does not say. */
  readonly servedMs?: number;
  /** What its stream was last lost by, or why it refuses; empty where neither was. */
  readonly failure: string;
  /** Milliseconds since then. */
  readonly failureAgeMs: number;
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

/** A stage of a timeline. */
export interface RunStage {
  /** Its number, from 0. */
  readonly stage: number;
  /** The first step scheduled for it; absent where the stage of each step is drawn from the seed, so that BatchBegin is the first to say it. */
  readonly firstStep?: number;
  /** The end of its scheduled steps, outside; absent where `first_step` is. */
  readonly endStep?: number;
  /** Size of its patches in voxels (Z,Y,X). */
  readonly patchSize: readonly number[];
  /** Samples of a batch over all ranks. */
  readonly batchSize: number;
  /** What each rank gets of a batch, ascending by rank and without gaps. Shares differ by one sample at most: there are one or two entries. */
  readonly shares: readonly RankShare[];
}

/** One timeline of a run. */
export interface RunTimeline {
  /** How many steps it has; they are numbered from 0. */
  readonly steps: number;
  /** The first step of each epoch. An epoch may have no step of its own: then it begins where the next one does. */
  readonly epochFirstSteps: readonly number[];
  /** Its stages, ascending. Validation has one, which has the number of the last training stage. */
  readonly stages: readonly RunStage[];
}

/** Where the samples of a batch come from, in their order in the tensors. Each list has as many entries as there are samples,
 * or three times as many. */
export interface Samples {
  /** The cases that occur, each once. */
  readonly cases: readonly string[];
  /** Of each sample: its case, as an index of `cases`. */
  readonly caseIndex: readonly number[];
  /** Of each sample: the class (label value) around a voxel of which its box lies; 0 for a random box. */
  readonly class: readonly number[];
  /** Of each sample: the first voxel of its box (Z,Y,X, store voxels); negative where the box begins outside of the volume. */
  readonly start: readonly number[];
  /** Size of every box (Z,Y,X, store voxels), before augmentation. It differs from the patch under Progressive Resolution only. */
  readonly size: readonly number[];
  /** CRC-32 (zlib's) over the text of `cases`, a line feed after each, then case_index, class, start and size as little-endian
   * 32-bit integers. */
  readonly checksum: number;
}

/** A stage as scheduled. */
export interface ScheduledStage {
  /** Patch size (Z,Y,X). */
  readonly patchSize: readonly number[];
  /** Samples in a batch. */
  readonly batchSize: number;
  /** First step, unless the stage is set by hand; drawn for each step in random order. */
  readonly fromStep: number;
  /** Operations of one training step, a multiplication and an addition counted as two; 0 where the trainer does not count them. */
  readonly flops: number;
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

/** The transition is decided. */
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

/** A stage was decided. */
export interface StageDecided {
  /** Stage number, from 0. */
  readonly stage: number;
  /** First step with that stage. */
  readonly fromStep: number;
  /** Who decided: manual, adaptive. Under these controls the first decision is stage 0 from step 0. */
  readonly reason: string;
  /** Why, in one line. */
  readonly text: string;
  /** Whether it holds to the end, whatever the schedule says. */
  readonly hold: boolean;
}

/** A stage begins. */
export interface StageEntered {
  /** Stage number, from 0. */
  readonly stage: number;
  /** First step with that stage. */
  readonly fromStep: number;
  /** Why: scheduled, manual, adaptive. */
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
  /** Pace may be sent: older servers refuse it. */
  readonly readsPace: boolean;
}

/** Asks for a training. */
export interface StartTrainingRequest {
  /** The run spec as UTF-8 JSON: `data` goes to the data server, `training` stays here. Left out with `resume`. */
  readonly run: Uint8Array;
  /** Addresses of data servers that serve the same store, host:port. With `resume`, empty means those of before. */
  readonly data: readonly string[];
  /** Id of a training to go on with; empty: a new one. */
  readonly resume: string;
  /** What the caller calls this start; empty: nothing. Of all starts with the same key the first one starts a training, and the others are
   * answered with it: a caller that did not hear the answer asks again. Another run with a key that is taken is refused. */
  readonly key: string;
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
  /** Code of the failure, as in its facts: LOSS_NOT_FINITE, ... Absent where nothing failed, and where an older trainer tells it. */
  readonly code?: string;
}

/** Steps in a row. Sums are over all of them. */
export interface StepRow {
  /** The first of them. */
  readonly firstStep: number;
  /** How many. */
  readonly steps: number;
  /** Stage of the last one. */
  readonly stage: number;
  /** Epoch of the last one. */
  readonly epoch: number;
  /** Lowest loss. */
  readonly lossMin: number;
  /** Highest loss. */
  readonly lossMax: number;
  /** Sum of the losses. */
  readonly lossSum: number;
  /** Largest L2 norm of all gradients before clipping. */
  readonly gradientNormMax: number;
  /** Learning rate of the last one. */
  readonly learningRate: number;
  /** Milliseconds that the loop waited for the batches. */
  readonly waitedMs: number;
  /** Milliseconds of the steps without that. */
  readonly stepMs: number;
  /** Samples trained on. */
  readonly samples: number;
}

/** A step was taken. */
export interface StepTaken {
  /** The step. */
  readonly step: number;
  /** Its stage. */
  readonly stage: number;
  /** Its epoch. */
  readonly epoch: number;
  /** Cross-entropy plus Dice loss; with deep supervision the weighted mean over the outputs. */
  readonly loss: number;
  /** Mean cross-entropy; binary cross-entropy where the data set has regions. */
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
  /** Foreground voxels of the batch's label as a share of all its voxels, 0 to 1. Absent where an older trainer tells it. */
  readonly foregroundShare?: number;
  /** Foreground classes (or regions) that the batch's label holds. Absent where an older trainer tells it. */
  readonly classes?: number;
}

/** Ends the stream in order: batches already begun are finished, then the server closes with OK. What comes after it is not read. */
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
  | { readonly kind: "pace"; readonly pace: Pace }
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
  /** Name of the data set; empty where run.json is what is damaged. */
  readonly dataset: string;
  /** What is damaged; set in state DAMAGED only. */
  readonly damage: TrainingDamage | null;
  /** Steps taken so far. */
  readonly stepsTaken: number;
  /** Steps of the whole training; 0 before its run was opened. */
  readonly steps: number;
  /** Stage of the last step taken. */
  readonly stage: number;
  /** Of the last epoch that ended; absent before, and without validation. */
  readonly smoothedPseudoDice?: number;
}

/** What makes a training unreadable. */
export interface TrainingDamage {
  /** The file, as the trainer names it. */
  readonly file: string;
  /** What is wrong with it, in one line. */
  readonly reason: string;
}

/** A volume begins. */
export interface VolumeBegin {
  /** Its type and shape: (C,Z,Y,X) for an image, (Z,Y,X) for labels. */
  readonly tensor: Tensor | null;
}

/** A volume is complete. */
export interface VolumeEnd {
  /** CRC-32 (zlib's) over its bytes. */
  readonly checksum: number;
}

/** Asks for `count` batches from `first_step` on: each step is one credit and is answered by exactly one batch.
 * 
 * It may be sent before Started has come, and may want a step that is wanted already: each is answered by a batch of its own, with the same
 * bytes. A want that is refused, as one past the end of the timeline or beyond a limit, is refused whole and ends the stream. */
export interface Want {
  /** First step wanted. */
  readonly firstStep: number;
  /** How many steps in a row. */
  readonly count: number;
  /** The stage to use; absent: the one scheduled for each step (or reported before on this stream). Validation has the last stage only. */
  readonly stage?: number;
  /** W3C trace context (`traceparent`) of the client's span for this want, whose children the server's spans become. Absent: it is not
   * traced. What is no traceparent is passed over. */
  readonly traceparent?: string;
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
  /** Tell what happened so far in short, so that a long training is told as fast as a short one: rows of steps (`steps`) in place of each
   * step, in at most 2,048 rows; of the epochs as many; of all other kinds of events the newest 400. What happens from then on is told as
   * always. A trainer may tell all of it all the same. */
  readonly inShort: boolean;
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
  | { readonly kind: "epoch"; readonly epoch: EpochEnded }
  | { readonly kind: "decided"; readonly decided: StageDecided }
  | { readonly kind: "steps"; readonly steps: StepRow }
  | { readonly kind?: undefined };

/** Every message by name. */
export interface Messages {
  AwaitedBatch: AwaitedBatch;
  BatchBegin: BatchBegin;
  BatchEnd: BatchEnd;
  Cancel: Cancel;
  Cancelled: Cancelled;
  Case: Case;
  CaseEvaluated: CaseEvaluated;
  CheckpointWritten: CheckpointWritten;
  Chunk: Chunk;
  ClassDice: ClassDice;
  ClassVoxels: ClassVoxels;
  DescribeDatasetRequest: DescribeDatasetRequest;
  DescribeDatasetResponse: DescribeDatasetResponse;
  DescribeModelRequest: DescribeModelRequest;
  DescribeModelResponse: DescribeModelResponse;
  DescribeRunRequest: DescribeRunRequest;
  DescribeRunResponse: DescribeRunResponse;
  DescribeTrainingRequest: DescribeTrainingRequest;
  DescribeTrainingResponse: DescribeTrainingResponse;
  EpochEnded: EpochEnded;
  Evaluated: Evaluated;
  Failure: Failure;
  Fleet: Fleet;
  Geometry: Geometry;
  GetBatchRequest: GetBatchRequest;
  GetBatchResponse: GetBatchResponse;
  GetCheckpointRequest: GetCheckpointRequest;
  GetCheckpointResponse: GetCheckpointResponse;
  LabelRegion: LabelRegion;
  Limits: Limits;
  ListTrainingsRequest: ListTrainingsRequest;
  ListTrainingsResponse: ListTrainingsResponse;
  Notice: Notice;
  OpenLaneRequest: OpenLaneRequest;
  OpenLaneResponse: OpenLaneResponse;
  Pace: Pace;
  PredictCase: PredictCase;
  PredictImage: PredictImage;
  PredictionBegin: PredictionBegin;
  PredictionProgress: PredictionProgress;
  PredictRequest: PredictRequest;
  PredictResponse: PredictResponse;
  PreviewRequest: PreviewRequest;
  PreviewResponse: PreviewResponse;
  RankShare: RankShare;
  ReadCaseRequest: ReadCaseRequest;
  ReadCaseResponse: ReadCaseResponse;
  ReadLocationsRequest: ReadLocationsRequest;
  ReadLocationsResponse: ReadLocationsResponse;
  Region: Region;
  Replica: Replica;
  RunOpened: RunOpened;
  RunStage: RunStage;
  RunTimeline: RunTimeline;
  Samples: Samples;
  ScheduledStage: ScheduledStage;
  SetStageRequest: SetStageRequest;
  SetStageResponse: SetStageResponse;
  StageApplied: StageApplied;
  StageDecided: StageDecided;
  StageEntered: StageEntered;
  StageReport: StageReport;
  Start: Start;
  Started: Started;
  StartTrainingRequest: StartTrainingRequest;
  StartTrainingResponse: StartTrainingResponse;
  StateChanged: StateChanged;
  StepRow: StepRow;
  StepTaken: StepTaken;
  Stop: Stop;
  StopTrainingRequest: StopTrainingRequest;
  StopTrainingResponse: StopTrainingResponse;
  StreamRequest: StreamRequest;
  StreamResponse: StreamResponse;
  Tensor: Tensor;
  Training: Training;
  TrainingDamage: TrainingDamage;
  VolumeBegin: VolumeBegin;
  VolumeEnd: VolumeEnd;
  Want: Want;
  Warning: Warning;
  WatchTrainingRequest: WatchTrainingRequest;
  WatchTrainingResponse: WatchTrainingResponse;
}

/** The fields of every message that hold whole numbers, an enum or another message: name and type. */
export const checkedFields: Readonly<Record<keyof Messages, readonly (readonly [name: string, type: string])[]>> = {
  AwaitedBatch: [["timeline", "Timeline"], ["step", "uint32"], ["stage", "uint32"], ["waitedMs", "uint32"]],
  BatchBegin: [["timeline", "Timeline"], ["step", "uint32"], ["stage", "uint32"], ["globalBatch", "uint32"], ["tensors", "Tensor"], ["addressChecksum", "fixed32"], ["samples", "Samples"]],
  BatchEnd: [["step", "uint32"], ["checksum", "fixed32"], ["servedUs", "uint32"]],
  Cancel: [["firstStep", "uint32"], ["count", "uint32"]],
  Cancelled: [["firstStep", "uint32"], ["count", "uint32"]],
  Case: [["shape", "uint32"], ["foregroundCounts", "uint32"], ["geometry", "Geometry"]],
  CaseEvaluated: [["classes", "ClassDice"], ["voxels", "ClassVoxels"]],
  CheckpointWritten: [["step", "uint32"], ["bytes", "uint64"], ["kind", "CheckpointKind"]],
  Chunk: [["step", "uint32"], ["offset", "uint64"]],
  ClassDice: [["class", "int32"]],
  ClassVoxels: [["values", "int32"], ["truePositive", "uint64"], ["falsePositive", "uint64"], ["falseNegative", "uint64"], ["trueNegative", "uint64"]],
  DescribeDatasetRequest: [["pageSize", "uint32"]],
  DescribeDatasetResponse: [["labels", "int32"], ["classes", "int32"], ["cases", "Case"], ["recipe", "uint32"], ["sourceValues", "int32"], ["regions", "LabelRegion"], ["ignoreLabel", "int32"], ["caseCount", "uint32"]],
  DescribeModelRequest: [["checkpoint", "CheckpointKind"]],
  DescribeModelResponse: [["step", "uint32"], ["labels", "int32"], ["sourceValues", "int32"], ["classes", "int32"], ["regions", "LabelRegion"], ["ignoreLabel", "int32"], ["patchSize", "uint32"]],
  DescribeRunRequest: [["ranks", "uint32"]],
  DescribeRunResponse: [["limits", "Limits"], ["channels", "uint32"], ["train", "RunTimeline"], ["val", "RunTimeline"]],
  DescribeTrainingRequest: [],
  DescribeTrainingResponse: [["fleet", "Fleet"]],
  EpochEnded: [["epoch", "uint32"], ["stepsTaken", "uint32"], ["pseudoDice", "ClassDice"], ["samples", "uint32"]],
  Evaluated: [["cases", "uint32"], ["classes", "ClassDice"], ["checkpoint", "CheckpointKind"]],
  Failure: [["retry", "Retry"]],
  Fleet: [["replicas", "Replica"], ["awaited", "AwaitedBatch"], ["ageMs", "uint32"]],
  Geometry: [["originalShape", "uint32"], ["transpose", "uint32"], ["cropStart", "uint32"], ["cropEnd", "uint32"]],
  GetBatchRequest: [["timeline", "Timeline"], ["step", "uint32"], ["stage", "uint32"], ["rank", "uint32"], ["ranks", "uint32"]],
  GetBatchResponse: [["batchBegin", "BatchBegin"], ["chunk", "Chunk"], ["batchEnd", "BatchEnd"]],
  GetCheckpointRequest: [["checkpoint", "CheckpointKind"]],
  GetCheckpointResponse: [["offset", "uint64"], ["totalBytes", "uint64"]],
  LabelRegion: [["values", "int32"], ["exportValue", "int32"]],
  Limits: [["maxOutstandingBytes", "uint64"], ["maxOutstandingSteps", "uint32"], ["maxBatchBytes", "uint64"], ["maxSamples", "uint32"], ["maxStageDecisions", "uint32"], ["maxSpecBytes", "uint64"], ["maxMessageBytes", "uint64"], ["maxStreams", "uint32"], ["maxStreamsOfOnePeer", "uint32"], ["maxCalls", "uint32"], ["maxCallsOfOnePeer", "uint32"], ["maxStallMs", "uint32"], ["maxStallWhenNeededMs", "uint32"]],
  ListTrainingsRequest: [],
  ListTrainingsResponse: [["trainings", "Training"]],
  Notice: [],
  OpenLaneRequest: [],
  OpenLaneResponse: [["port", "uint32"], ["ticketMs", "uint32"], ["heartbeatMs", "uint32"]],
  Pace: [["stepUs", "uint32"], ["waitedUs", "uint32"], ["servedUs", "uint32"]],
  PredictCase: [["checkpoint", "CheckpointKind"]],
  PredictImage: [["tensor", "Tensor"], ["checkpoint", "CheckpointKind"], ["geometry", "Geometry"]],
  PredictionBegin: [["steps", "uint32"], ["sourceValues", "int32"]],
  PredictionProgress: [],
  PredictRequest: [["case", "PredictCase"], ["image", "PredictImage"], ["chunk", "Chunk"]],
  PredictResponse: [["volumeBegin", "VolumeBegin"], ["chunk", "Chunk"], ["volumeEnd", "VolumeEnd"], ["predictionBegin", "PredictionBegin"], ["progress", "PredictionProgress"]],
  PreviewRequest: [["timeline", "Timeline"], ["step", "uint32"], ["stage", "uint32"], ["page", "uint32"], ["channel", "uint32"]],
  PreviewResponse: [["pages", "uint32"], ["firstSample", "uint32"], ["samples", "uint32"]],
  RankShare: [["firstRank", "uint32"], ["endRank", "uint32"], ["samples", "uint32"], ["tensors", "Tensor"], ["byteLength", "uint64"]],
  ReadCaseRequest: [["volume", "Volume"], ["region", "Region"]],
  ReadCaseResponse: [["volumeBegin", "VolumeBegin"], ["chunk", "Chunk"], ["volumeEnd", "VolumeEnd"]],
  ReadLocationsRequest: [["class", "int32"], ["k", "uint32"]],
  ReadLocationsResponse: [["zyx", "uint32"]],
  Region: [["start", "uint32"], ["end", "uint32"]],
  Replica: [["state", "ReplicaState"], ["heardMs", "uint32"], ["batches", "uint32"], ["bytes", "uint64"], ["sharedBatches", "uint32"], ["damagedBatches", "uint32"], ["failovers", "uint32"], ["owed", "uint32"], ["failureAgeMs", "uint32"]],
  RunOpened: [["firstStep", "uint32"], ["steps", "uint32"], ["epochs", "uint32"], ["stages", "ScheduledStage"], ["parameters", "uint32"]],
  RunStage: [["stage", "uint32"], ["firstStep", "uint32"], ["endStep", "uint32"], ["patchSize", "uint32"], ["batchSize", "uint32"], ["shares", "RankShare"]],
  RunTimeline: [["steps", "uint32"], ["epochFirstSteps", "uint32"], ["stages", "RunStage"]],
  Samples: [["caseIndex", "uint32"], ["class", "int32"], ["start", "sint32"], ["size", "uint32"], ["checksum", "fixed32"]],
  ScheduledStage: [["patchSize", "uint32"], ["batchSize", "uint32"], ["fromStep", "uint32"], ["flops", "uint64"]],
  SetStageRequest: [["stage", "uint32"], ["fromStep", "uint32"]],
  SetStageResponse: [["stage", "uint32"], ["fromStep", "uint32"], ["scheduleFrom", "uint32"]],
  StageApplied: [["stage", "uint32"], ["fromStep", "uint32"], ["scheduleFrom", "uint32"]],
  StageDecided: [["stage", "uint32"], ["fromStep", "uint32"]],
  StageEntered: [["stage", "uint32"], ["fromStep", "uint32"], ["patchSize", "uint32"], ["batchSize", "uint32"]],
  StageReport: [["stage", "uint32"], ["fromStep", "uint32"]],
  Start: [["timeline", "Timeline"], ["rank", "uint32"], ["ranks", "uint32"]],
  Started: [["timeline", "Timeline"], ["rank", "uint32"], ["ranks", "uint32"]],
  StartTrainingRequest: [],
  StartTrainingResponse: [],
  StateChanged: [["state", "TrainingState"]],
  StepRow: [["firstStep", "uint32"], ["steps", "uint32"], ["stage", "uint32"], ["epoch", "uint32"], ["samples", "uint64"]],
  StepTaken: [["step", "uint32"], ["stage", "uint32"], ["epoch", "uint32"], ["batchBytes", "uint64"], ["checksum", "fixed32"], ["classes", "uint32"]],
  Stop: [],
  StopTrainingRequest: [],
  StopTrainingResponse: [],
  StreamRequest: [["start", "Start"], ["want", "Want"], ["stageReport", "StageReport"], ["stop", "Stop"], ["cancel", "Cancel"], ["pace", "Pace"]],
  StreamResponse: [["batchBegin", "BatchBegin"], ["chunk", "Chunk"], ["batchEnd", "BatchEnd"], ["started", "Started"], ["stageApplied", "StageApplied"], ["notice", "Notice"], ["cancelled", "Cancelled"]],
  Tensor: [["shape", "uint32"], ["byteLength", "uint64"]],
  Training: [["state", "TrainingState"], ["damage", "TrainingDamage"], ["stepsTaken", "uint32"], ["steps", "uint32"], ["stage", "uint32"]],
  TrainingDamage: [],
  VolumeBegin: [["tensor", "Tensor"]],
  VolumeEnd: [["checksum", "fixed32"]],
  Want: [["firstStep", "uint32"], ["count", "uint32"], ["stage", "uint32"]],
  Warning: [],
  WatchTrainingRequest: [],
  WatchTrainingResponse: [["state", "StateChanged"], ["opened", "RunOpened"], ["stage", "StageEntered"], ["step", "StepTaken"], ["checkpoint", "CheckpointWritten"], ["caseEvaluated", "CaseEvaluated"], ["evaluated", "Evaluated"], ["warning", "Warning"], ["epoch", "EpochEnded"], ["decided", "StageDecided"], ["steps", "StepRow"]],
};

/** Every service: its methods, what goes in and out, and which side streams. */
export const services = {
  DataService: {
    describeDataset: { request: "DescribeDatasetRequest", response: "DescribeDatasetResponse", requestStream: false, responseStream: false },
    describeRun: { request: "DescribeRunRequest", response: "DescribeRunResponse", requestStream: false, responseStream: false },
    stream: { request: "StreamRequest", response: "StreamResponse", requestStream: true, responseStream: true },
    openLane: { request: "OpenLaneRequest", response: "OpenLaneResponse", requestStream: false, responseStream: false },
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
    describeTraining: { request: "DescribeTrainingRequest", response: "DescribeTrainingResponse", requestStream: false, responseStream: false },
    listTrainings: { request: "ListTrainingsRequest", response: "ListTrainingsResponse", requestStream: false, responseStream: false },
    getCheckpoint: { request: "GetCheckpointRequest", response: "GetCheckpointResponse", requestStream: false, responseStream: true },
    describeModel: { request: "DescribeModelRequest", response: "DescribeModelResponse", requestStream: false, responseStream: false },
    predict: { request: "PredictRequest", response: "PredictResponse", requestStream: true, responseStream: true },
  },
} as const;
