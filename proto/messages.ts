// Generated from proto/patchstream/v1/*.proto by `npm run generate`; change those.
/** Where a batch lies in a run beside its step. */
export type Timeline = "TIMELINE_UNSPECIFIED" | "TIMELINE_TRAIN" | "TIMELINE_VAL";

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
  /** The tensors, in the order of their bytes: image, then label. */
  readonly tensors: readonly Tensor[];
  /** CRC-32 (zlib's) over all tensor bytes in that order. */
  readonly checksum: number;
}

/** A batch is complete. */
export interface BatchEnd {
  /** The step. */
  readonly step: number;
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

/** A run of bytes, about 1 MiB, in order and without gaps. */
export interface Chunk {
  /** Step of the batch; 0 for a volume. */
  readonly step: number;
  /** Offset in the tensors laid end to end. */
  readonly offset: number;
  /** The bytes. */
  readonly data: Uint8Array;
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
  /** The network plan stored at ingest. */
  readonly plan: NetworkPlan | null;
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
}

/** The frames of one batch. */
export type GetBatchResponse =
  | { readonly kind: "batchBegin"; readonly batchBegin: BatchBegin }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind: "batchEnd"; readonly batchEnd: BatchEnd }
  | { readonly kind?: undefined };

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
}

/** What nnU-Net's planner decides for a network. */
export interface NetworkPlan {
  /** Final patch size (Z,Y,X). */
  readonly patchSize: readonly number[];
  /** Samples in a batch of full patches. */
  readonly batchSize: number;
  /** Poolings per axis (Z,Y,X). */
  readonly pooling: readonly number[];
  /** Smallest patch per axis; empty where it is 2^pooling. */
  readonly minimum: readonly number[];
  /** Growth per axis; empty where it is 2^pooling. */
  readonly increment: readonly number[];
}

/** Something a client may act on or show. */
export interface Notice {
  /** `draining`: wants not yet begun will not be served here; ask another replica. */
  readonly code: string;
  /** One line for a person. */
  readonly text: string;
}

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

/** A report holds: every batch begun after this message with step >= from_step has `stage`. */
export interface StageApplied {
  /** As reported. */
  readonly stage: number;
  /** As reported. */
  readonly fromStep: number;
}

/** The trainer's decision that `stage` holds from `from_step` on. */
export interface StageReport {
  /** Stage number, from 0. */
  readonly stage: number;
  /** First step with that stage. */
  readonly fromStep: number;
  /** Why: scheduled, manual, plateau, ...; at most 200 characters. */
  readonly reason: string;
  /** What the decision rests on (loss, Dice, ...), by name; at most 64 finite numbers. */
  readonly metrics: Readonly<Record<string, number>>;
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
}

/** The stream is open. */
export interface Started {
  /** SHA-256 (hex) of the spec received. */
  readonly digest: string;
}

/** Ends the stream in order: batches already begun are finished, then the server closes with OK. */
export type Stop = Record<string, never>;

/** Client to server on a stream. The first message is `start`. */
export type StreamRequest =
  | { readonly kind: "start"; readonly start: Start }
  | { readonly kind: "want"; readonly want: Want }
  | { readonly kind: "stageReport"; readonly stageReport: StageReport }
  | { readonly kind: "stop"; readonly stop: Stop }
  | { readonly kind?: undefined };

/** Server to client on a stream. */
export type StreamResponse =
  | { readonly kind: "batchBegin"; readonly batchBegin: BatchBegin }
  | { readonly kind: "chunk"; readonly chunk: Chunk }
  | { readonly kind: "batchEnd"; readonly batchEnd: BatchEnd }
  | { readonly kind: "started"; readonly started: Started }
  | { readonly kind: "stageApplied"; readonly stageApplied: StageApplied }
  | { readonly kind: "notice"; readonly notice: Notice }
  | { readonly kind?: undefined };

/** One array of a batch or volume, little-endian, C order. */
export interface Tensor {
  /** `image` or `label`. */
  readonly name: string;
  /** f32, f16, bf16, i16 or u8. */
  readonly type: string;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** Bytes; the product of shape and element size. */
  readonly byteLength: number;
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

/** Every message by name. */
export interface Messages {
  BatchBegin: BatchBegin;
  BatchEnd: BatchEnd;
  Case: Case;
  Chunk: Chunk;
  DescribeDatasetRequest: DescribeDatasetRequest;
  DescribeDatasetResponse: DescribeDatasetResponse;
  DescribeRunRequest: DescribeRunRequest;
  DescribeRunResponse: DescribeRunResponse;
  Geometry: Geometry;
  GetBatchRequest: GetBatchRequest;
  GetBatchResponse: GetBatchResponse;
  Limits: Limits;
  NetworkPlan: NetworkPlan;
  Notice: Notice;
  PreviewRequest: PreviewRequest;
  PreviewResponse: PreviewResponse;
  ReadCaseRequest: ReadCaseRequest;
  ReadCaseResponse: ReadCaseResponse;
  ReadLocationsRequest: ReadLocationsRequest;
  ReadLocationsResponse: ReadLocationsResponse;
  Region: Region;
  StageApplied: StageApplied;
  StageReport: StageReport;
  Start: Start;
  Started: Started;
  Stop: Stop;
  StreamRequest: StreamRequest;
  StreamResponse: StreamResponse;
  Tensor: Tensor;
  VolumeBegin: VolumeBegin;
  VolumeEnd: VolumeEnd;
  Want: Want;
}

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
} as const;
