import type { Timeline } from "../plan/batch/address.js";
import type { RunTimeline } from "../plan/batch/run-timeline.js";
import type { Sample } from "../plan/batch/sample.js";
import type { StageDecision, StageProposal } from "../plan/batch/stage-timeline.js";
import type { NetworkPlan } from "../plan/curriculum/stage.js";
import type { LabelSet } from "../plan/label-set.js";
import type { DataSpecInput } from "../plan/run-spec/data-spec.js";
import type { ImageType, ResolvedSpec } from "../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../plan/zyx.js";
import type { Messages } from "../proto/messages.js";
import type { Carrier } from "../rpc/carrier.js";
import type { ChannelOptions } from "../rpc/client/channel.js";
import type { CarrierChoice } from "./transport/carrier.js";

/** A tensor as received; the memory is this batch's own (never shared, safe to keep or transfer). */
interface Tensor<Type extends string, Shape extends readonly number[], Values> {
  readonly type: Type;
  readonly shape: Shape;
  /** The values as they travelled. */
  readonly bytes: Uint8Array;
  /** The values as numbers, in the order of `bytes`: a view on them where their type allows it, else decoded when first read. */
  readonly data: Values;
}

/** (B,C,Z,Y,X), or (B,Z,Y,X,C) when the spec says channels-last. */
export type ImageTensor = Tensor<
  ImageType,
  readonly [b: number, cOrZ: number, zOrY: number, yOrX: number, xOrC: number],
  Float32Array
>;

type LabelShape = readonly [b: number, z: number, y: number, x: number];

/** (B,Z,Y,X). What the crop to nonzero masked, -1 in a stored volume, is 0 here. */
export type LabelTensor = Tensor<"u8", LabelShape, Uint8Array> | Tensor<"i16", LabelShape, Int16Array>;

/**
 * One rank's share of a batch, verified and in step order. Disposing it (`for await (using batch of run.batches())`) frees its
 * memory at once: its tensors are empty from then on. Without that the garbage collector does it later, and in a process
 * with many objects of its own it costs about as much as receiving the batch.
 */
export interface Batch extends Disposable {
  readonly timeline: Timeline;
  readonly step: number;
  readonly stage: number;
  readonly patchSize: Zyx;
  /** Samples over all ranks. */
  readonly globalBatch: number;
  /** (B,C,Z,Y,X), or (B,Z,Y,X,C) when the spec says channels-last. */
  readonly image: ImageTensor;
  /** (B,Z,Y,X). */
  readonly label: LabelTensor;
  /** Of deep supervision: the label of each further decoder level (B,Z,Y,X), finest first. */
  readonly deepLabels: readonly LabelTensor[];
  /** Where each sample comes from, in the order of the tensors' first axis. */
  readonly samples: readonly Sample[];
  /** CRC-32 over the bytes of image, label and deep labels. */
  readonly checksum: number;
  /** What it came by: gRPC, or a lane beside it. */
  readonly carrier: Carrier;
  /** Milliseconds that the caller's `next()` waited for this batch. */
  readonly waitedMs: number;
  /** Milliseconds from the arrival of its header, when it had been cut, to that of its last byte. */
  readonly carriedMs: number;
  /** W3C trace context of the span that asked for it, for the span of your step. Where an OpenTelemetry SDK runs and samples it only. */
  readonly traceparent?: string;
}

/** What a server says of a run. */
export interface RunInfo {
  readonly spec: ResolvedSpec;
  /** The resolved spec's canonical bytes: what the digest is taken over, and what servers are sent. */
  readonly specBytes: Uint8Array;
  /** SHA-256 (hex) of the resolved spec's canonical bytes. */
  readonly digest: string;
  /** Channels of the images. */
  readonly channels: number;
  /** Steps, and stages with their tensors, of each timeline. Shares are those of the ranks that the run was described for. */
  readonly train: RunTimeline;
  readonly val: RunTimeline;
  /** nnU-Net's plans.json for this run (JSON): the store's, with the patch, batch and network of the run's plan in `3d_fullres`. */
  readonly plansJson: string;
  /** nnU-Net's dataset.json (JSON), with the label values that batches have. */
  readonly datasetJson: string;
  /** What the server refuses beyond, with LIMIT_EXCEEDED or SERVER_BUSY. */
  readonly limits: Messages["Limits"];
}

/** How a stored case maps back to its source file. */
export interface CaseGeometry {
  /** Row-major 4x4 voxel-to-world (mm) matrix of the source, for (x,y,z) voxel indices. */
  readonly affine: readonly number[];
  /** Source array shape (Z,Y,X). */
  readonly originalShape: Zyx;
  /** Source spacing in mm (Z,Y,X). */
  readonly originalSpacingMm: Zyx;
  /** Axis i of the store is axis `transpose[i]` of the source. */
  readonly transpose: Zyx;
  /** Box kept by the crop to nonzero, in transposed source voxels; `cropEnd` is outside. */
  readonly cropStart: Zyx;
  readonly cropEnd: Zyx;
  /** How the NIfTI file of a label on the source's grid begins, of one byte a voxel. Absent where an older server does not say it. */
  readonly labelHeader?: Uint8Array;
}

/** A stored case. */
export interface DatasetCase {
  readonly id: string;
  /** Stored shape (C,Z,Y,X). */
  readonly shape: readonly [c: number, z: number, y: number, x: number];
  /** Spacing of the stored volume in mm (Z,Y,X). */
  readonly spacingMm: Zyx;
  /** Stored locations of each class, in the order of `locationClasses`: `classes`, and with an ignore label those of any label. */
  readonly foregroundCounts: readonly number[];
  readonly digest: string;
  readonly geometry: CaseGeometry;
  /** It has no label, and is there for prediction: no run may train or validate on it. */
  readonly unlabelled: boolean;
}

/** The data set that the servers serve. */
export interface DatasetInfo extends LabelSet {
  readonly name: string;
  readonly digest: string;
  readonly channelNames: readonly string[];
  readonly plan: NetworkPlan;
  /** Whether the plan's Dice loss sums over the batch (nnU-Net's `batch_dice`). Absent: the store does not say. */
  readonly batchDice?: boolean;
  /** Sorted by id. */
  readonly cases: readonly DatasetCase[];
  /** The recipe that the server speaks, and its package version. */
  readonly recipe: number;
  readonly version: string;
}

/** A change of stage as it was decided, and what becomes of the schedule. */
export interface StageChanged extends StageDecision {
  /** The first step at which the schedule goes on; absent: it never does. */
  readonly scheduleFrom?: number;
}

/** One rank's stream of one run. Disposing it ends the stream and frees what it held. */
export interface Run extends AsyncDisposable {
  readonly info: RunInfo;
  /** The first step not wanted yet: a stage from there on makes no bubble and throws nothing away. */
  readonly firstUnwanted: number;
  /**
   * Batches in step order from `from` (default 0) to before `to` (default: the end of the schedule), each exactly once,
   * across reconnects and replicas. `decisions` replays a stage timeline on resume.
   */
  batches(range?: { from?: number; to?: number; decisions?: readonly StageDecision[] }): AsyncIterableIterator<Batch>;
  /**
   * Decides a stage from a step on. Resolves at once, whatever the servers do: those that answer have applied it, and the others learn
   * it from what is wanted of them. Throws STEP_PASSED for a step that was delivered.
   */
  changeStage(proposal: StageProposal): Promise<StageChanged>;
}

/**
 * How a replica is to the streams of a client. idle: nothing is asked of it. opening: its stream is being opened. serving: it is asked for
 * batches. leaving: it ends, or its name does not lead to it any more. silent: it owes something and has not been heard of for longer than that
 * should take, so that others are asked for the same. lost: its stream was lost and is opened again. refused: it says that it does not serve
 * the run.
 */
export type ReplicaState = "idle" | "opening" | "serving" | "leaving" | "silent" | "lost" | "refused";

/** How one replica does, as the client sees it since it was opened. */
export interface ReplicaStanding {
  readonly address: string;
  readonly state: ReplicaState;
  /** Milliseconds since anything came from it on a stream; absent where nothing has. */
  readonly heardMs?: number;
  /** Batches that came from it whole on streams, and their bytes. */
  readonly batches: number;
  readonly bytes: number;
  /** Those of them that were cut for another client, too. */
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
  /** What its stream was lost by last, or why it refuses. */
  readonly failure?: { readonly message: string; readonly ageMs: number };
}

/** A batch that is waited for. */
export interface AwaitedBatch {
  readonly timeline: Timeline;
  readonly step: number;
  readonly stage: number;
  /** Milliseconds since it was asked for. */
  readonly waitedMs: number;
  /** Addresses of the replicas that owe it; none where no replica takes wants. */
  readonly asked: readonly string[];
}

/** How all replicas do. */
export interface FleetStanding {
  readonly replicas: readonly ReplicaStanding[];
  /** Absent where no run's iterator waits. */
  readonly awaited?: AwaitedBatch;
}

/** A box of store voxels (Z,Y,X): `start` inside, `end` outside. */
export interface Region {
  readonly start: Zyx;
  readonly end: Zyx;
}

/** Which share of which timeline, and how far ahead batches are wanted. */
export interface OpenRunOptions {
  /** Default: train. */
  readonly timeline?: Timeline;
  /** This trainer of `ranks`; it owns samples j with j mod ranks = rank. Default: 0 of 1. */
  readonly rank?: number;
  readonly ranks?: number;
  /** Batches wanted ahead of the one delivered last. Default 8. */
  readonly creditBatches?: number;
  /** Bytes wanted ahead; one batch is always allowed. Default 256 MiB. */
  readonly creditBytes?: number;
  readonly signal?: AbortSignal;
}

/** Which batch: what is left out is training, the scheduled stage, the only rank. */
export interface BatchAddress {
  readonly timeline?: Timeline;
  readonly step: number;
  /** Default: the scheduled stage. */
  readonly stage?: number;
  readonly rank?: number;
  readonly ranks?: number;
}

/** Which page of which batch. */
export interface PreviewAddress extends Omit<BatchAddress, "rank" | "ranks"> {
  /** From 1. Default: the first. */
  readonly page?: number;
  /** Of the image, from 0. Default: the first. */
  readonly channel?: number;
}

/** One page of a batch as a picture. */
export interface Preview {
  readonly png: Uint8Array;
  /** How many pages the batch has. */
  readonly pages: number;
  /** First sample of this page, from 0. */
  readonly firstSample: number;
  /** Samples on this page. */
  readonly samples: number;
}

/** What every call that waits takes: `signal` ends the wait with its reason. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
}

/** A connection to the replicas of one data set. Disposing it ends its runs and its thread. */
export interface DataClient extends AsyncDisposable {
  readonly addresses: readonly string[];
  /** How the replicas do, and which batch is waited for. Asks none of them. */
  fleet(options?: WaitOptions): Promise<FleetStanding>;
  /** What the served store holds. */
  describeDataset(options?: WaitOptions): Promise<DatasetInfo>;
  /**
   * Resolves a data spec at a server: the `data` part of a run spec, or its JSON bytes. JSON that
   * was read from a file becomes one with `parseDataSpec`. `ranks`: how many share every batch (default 1). Throws SPEC_INVALID, and
   * REQUEST_INVALID for more ranks than the smallest batch has samples.
   */
  describeRun(spec: DataSpecInput | Uint8Array, options?: WaitOptions & { readonly ranks?: number }): Promise<RunInfo>;
  /** Resolves a data spec at a server and opens its batches for one rank. */
  openRun(spec: DataSpecInput | Uint8Array, options?: OpenRunOptions): Promise<Run>;
  /** One batch by its address, outside of any stream. */
  getBatch(spec: DataSpecInput | Uint8Array, address: BatchAddress, options?: WaitOptions): Promise<Batch>;
  /** (C,Z,Y,X) float32, whole or a region. */
  readImage(caseId: string, options?: WaitOptions & { region?: Region }): Promise<Float32Array>;
  /** (Z,Y,X) int16, whole or a region; -1 where the crop to nonzero masked it. */
  readLabel(caseId: string, options?: WaitOptions & { region?: Region }): Promise<Int16Array>;
  /** (Z,Y,X) int16: the label on the source's own grid, `CaseGeometry.originalShape`. */
  readReference(caseId: string, options?: WaitOptions): Promise<Int16Array>;
  /** (n,3) Z,Y,X store voxels of a class, all of them or those numbered `k`. */
  readLocations(
    caseId: string,
    classValue: number,
    options?: WaitOptions & { k?: readonly number[] },
  ): Promise<Uint32Array>;
  /** One page of a batch as PNG: the middle slices of its samples on all three axes, with their labels. */
  preview(spec: DataSpecInput | Uint8Array, address: PreviewAddress, options?: WaitOptions): Promise<Preview>;
}

/** How data servers are reached. */
export interface ConnectOptions extends ChannelOptions {
  /** Whatever is waited for longer than this fails with DEADLINE (or what the last attempt said). Default 60,000, or `waitMs` where that is more. */
  readonly deadlineMs?: number;
  /**
   * What carries streams: `lane` is a socket beside gRPC at a fraction of its cost, `auto` takes it where one can be opened and gRPC
   * where not. Default auto; `Batch.carrier` says what it was.
   */
  readonly carrier?: CarrierChoice;
}
