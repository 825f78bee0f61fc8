/** Settings of `data` or `training` as they are written in a run spec. */
export type Settings = Readonly<Record<string, unknown>>;

/** A data set of a study: a store that the study serves itself, or data servers that run already. */
export interface StudySource {
  /** What the study calls it. */
  readonly name: string;
  /** Folder of a store; exactly one of `store` and `data` is there. */
  readonly store?: string;
  /** Addresses of data servers of one store. */
  readonly data?: readonly string[];
  /** The network plan of all its runs, as in `data.plan`; absent: the store's. */
  readonly plan?: Settings;
  /** Cases that stay together in the folds, as in `data.split.groups`. */
  readonly groups?: unknown;
  /** Name of the data set in the paper where it is one of its 15. */
  readonly paper?: string;
}

/** A named set of settings: a method, or a network. */
export interface StudyVariant {
  readonly name: string;
  readonly data: Settings;
  readonly training: Settings;
}

/** A network: what it is, and where it needs them plans of its own. */
export interface StudyNetwork extends StudyVariant {
  /** By name of data set: a plan in place of the data set's, as in `data.plan`. */
  readonly plans: Readonly<Record<string, Settings>>;
}

/** One grid of runs: every combination of its axes. Data sets, networks and methods by name. */
export interface StudyGrid {
  readonly datasets: readonly string[];
  readonly networks: readonly string[];
  readonly methods: readonly string[];
  /** Absent: each method's own. */
  readonly strategies?: readonly string[];
  /** Absent: as the augmentation of the run has it. */
  readonly mirroring?: readonly boolean[];
  readonly folds: readonly number[];
  /** Percent of the steps an epoch; epochs stay (the paper's 3.2.4). */
  readonly lengths: readonly number[];
  readonly seeds: readonly number[];
}

/** A study as its author wrote it, each field valid, with every default. It reads as itself again. */
export interface StudySpec {
  readonly datasets: readonly StudySource[];
  readonly networks: readonly StudyNetwork[];
  readonly methods: readonly StudyVariant[];
  /** Joined; a run that several of them have is done once. */
  readonly grids: readonly StudyGrid[];
  /** Of every run, under what data set, network, method and point say. */
  readonly data: Settings;
  readonly training: Settings;
  /** Addresses of trainers; none: the study starts one of its own. */
  readonly trainers: readonly string[];
  /** Runs at the same time: of the study's own trainer, or of each of `trainers`. */
  readonly atOnce: number;
}
