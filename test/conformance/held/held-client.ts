import type { Timeline } from "../../../plan/batch/address.js";
import type { Sample } from "../../../plan/batch/sample.js";
import type { StageDecision, StageProposal } from "../../../plan/batch/stage-timeline.js";
import type { Carrier } from "../../../rpc/carrier.js";
import type { ClientTls } from "../../../rpc/client/channel.js";

/** Where a client is to connect, and how. */
export interface HeldOptions {
  readonly tls?: ClientTls;
  readonly deadlineMs: number;
  readonly carrier: Carrier | "auto";
}

/** A tensor that a client handed out: its bytes as their SHA-256 (hex). */
export interface HeldTensor {
  readonly type: string;
  readonly shape: readonly number[];
  readonly sha256: string;
}

/** A batch that a client handed out. */
export interface HeldBatch {
  readonly step: number;
  readonly stage: number;
  /** Samples over all ranks. */
  readonly globalBatch: number;
  /** (Z,Y,X). */
  readonly patchSize: readonly number[];
  readonly image: HeldTensor;
  readonly label: HeldTensor;
  readonly deepLabels: readonly HeldTensor[];
  readonly samples: readonly Sample[];
  readonly checksum: number;
  readonly carrier: Carrier;
}

export interface HeldRunOptions {
  readonly timeline?: Timeline;
  readonly rank?: number;
  readonly ranks?: number;
  readonly creditBatches?: number;
  readonly creditBytes?: number;
  /** The first step. Default 0. */
  readonly from?: number;
  /** The step before which the suite stops. Default: the end of the run. */
  readonly to?: number;
  /** Decisions to replay. */
  readonly decisions?: readonly StageDecision[];
}

export interface HeldAddress {
  readonly timeline?: Timeline;
  readonly step: number;
  readonly stage?: number;
  readonly rank?: number;
  readonly ranks?: number;
}

export interface HeldChange extends StageDecision {
  readonly scheduleFrom?: number;
}

export interface HeldRun {
  /** Batches in step order, once; the run is closed behind them. */
  batches(): AsyncIterableIterator<HeldBatch>;
  /** The first step that the client has not wanted yet. */
  firstUnwanted(): Promise<number>;
  changeStage(proposal: StageProposal): Promise<HeldChange>;
}

/**
 * What the rules for clients need of one: ours in this process, or another one as a command. Every call throws a PatchstreamError where
 * the client gives a failure. `spec` is the `data` part of a run spec.
 */
export interface HeldClient extends AsyncDisposable {
  describeDataset(): Promise<{ readonly digest: string; readonly cases: readonly string[] }>;
  describeRun(spec: object): Promise<{ readonly digest: string; readonly steps: number; readonly stages: number }>;
  openRun(spec: object, options?: HeldRunOptions): Promise<HeldRun>;
  getBatch(spec: object, address: HeldAddress): Promise<HeldBatch>;
  /** SHA-256 (hex) of the volume's bytes (C,Z,Y,X), float32, little-endian. */
  readImage(caseId: string): Promise<string>;
  /** SHA-256 (hex) of the volume's bytes (Z,Y,X), int16, little-endian. */
  readLabel(caseId: string): Promise<string>;
  /** How many stored locations the class has. */
  readLocations(caseId: string, classValue: number): Promise<number>;
  /** SHA-256 (hex) of the first page's PNG. */
  preview(spec: object, address: { readonly step: number }): Promise<string>;
}

/** What the bytes of a batch are compared by. */
export function fingerprint({ step, stage, image, label, deepLabels }: HeldBatch): string {
  return `${step} ${stage} ${[image, label, ...deepLabels].map(({ sha256 }) => sha256).join(" ")}`;
}

export async function collect(batches: AsyncIterable<HeldBatch>): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of batches) all.push(fingerprint(batch));
  return all;
}
