/** What the server tells the page, as JSON. */
import type { StudyStanding } from "../study/index.js";
import type { HistoryChange, TrainingFleet, TrainingInShort } from "../trainer/index.js";

/** Why something was not done: the code of a failure, and its words with the hint. */
export interface Trouble {
  readonly code: string;
  readonly message: string;
}

/** What one data server's metrics say. Rates are over the time between two looks at it, absent at the first. */
export interface ServerFigures {
  /** host:port of its metrics. */
  readonly address: string;
  /** Why there are none. */
  readonly trouble?: string;
  readonly streams?: number;
  readonly batchesPerSecond?: number;
  readonly bytesPerSecond?: number;
  /** Of the batches sent, those that needed no cut of their own, 0 to 1. */
  readonly sharedShare?: number;
  /** Seconds, mean of the time between two looks. */
  readonly cutSeconds?: number;
  /** Batches that wait for memory. */
  readonly waitingBatches?: number;
  /** Servers like it that would keep the trainers from waiting. */
  readonly serversNeeded?: number;
  /** Share of their time that the trainers wait, as their clients say, 0 to 1. */
  readonly trainersWaiting?: number;
  /** Uses of volumes that were in memory, 0 to 1. */
  readonly volumeHits?: number;
  readonly workerDeaths?: number;
  readonly callsFailed?: number;
}

/** The events of the one stream that a page has open. */
export type PageEvent =
  /** Every few seconds: the dashboard's server is there. */
  | { readonly kind: "alive" }
  | { readonly kind: "trainings"; readonly trainings: readonly TrainingInShort[] }
  /** The trainer does not answer, or refuses; null: it answers again. */
  | { readonly kind: "trouble"; readonly trouble: Trouble | null }
  /** The watched training's history begins. */
  | { readonly kind: "begin"; readonly training: string }
  | { readonly kind: "change"; readonly change: HistoryChange }
  /** All is told: it has ended. */
  | { readonly kind: "ended" }
  /** It cannot be watched. */
  | { readonly kind: "unwatched"; readonly trouble: Trouble }
  /** How the data servers do that the watched training asks, as its process sees them; null: it does not run, or its trainer does not say. */
  | { readonly kind: "fleet"; readonly fleet: TrainingFleet | null }
  | { readonly kind: "servers"; readonly servers: readonly ServerFigures[] }
  /** How the study stands whose folder was named. */
  | { readonly kind: "study"; readonly study: StudyStanding }
  /** It cannot be read. */
  | { readonly kind: "studyUnread"; readonly trouble: Trouble }
  /** The token is accepted no more. */
  | { readonly kind: "refused"; readonly trouble: Trouble };

/** One sample of a batch. */
export interface BatchSample {
  readonly case: string;
  readonly kind: "foreground" | "random";
  /** Name of the class that its box was drawn for. */
  readonly className?: string;
  /** First voxel of the box (Z,Y,X), negative where it leaves the volume, and its size. */
  readonly start: readonly number[];
  readonly size: readonly number[];
  /** In words and numbers. */
  readonly transforms: string;
}

/** A batch without its voxels. */
export interface BatchInShort {
  readonly step: number;
  readonly stage: number;
  readonly patchSize: readonly number[];
  readonly checksum: number;
  readonly digest: string;
  readonly channelNames: readonly string[];
  readonly samples: readonly BatchSample[];
}

/** What stands before the voxels of a volume: image f32, then label i16, both (Z,Y,X). */
export interface VolumeHeader {
  readonly case: string;
  /** What is sent (Z,Y,X), and where it begins in the stored volume. */
  readonly size: readonly number[];
  readonly start: readonly number[];
  /** Of the stored volume. */
  readonly volumeSize: readonly number[];
  readonly spacingMm: readonly number[];
  /** By label value. */
  readonly classNames: Readonly<Record<string, string>>;
}
