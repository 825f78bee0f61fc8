import { refuseRequest } from "../errors.js";
import type { ResolvedSpec } from "../run-spec/resolved-spec.js";

/** One trainer process of `ranks`: it owns the samples j of each batch with j mod ranks = rank. */
export interface Rank {
  readonly rank: number;
  readonly ranks: number;
}

/** A single trainer, which owns every sample. */
export const ONLY_RANK: Rank = { rank: 0, ranks: 1 };

/** Samples that a rank owns of a batch of `batchSize`. */
export function shareSize(batchSize: number, { rank, ranks }: Rank): number {
  return Math.ceil((batchSize - rank) / ranks);
}

/** Numbers of the samples that a rank owns of a batch of `batchSize`, ascending. */
export function* samplesOf(batchSize: number, { rank, ranks }: Rank): Generator<number> {
  for (let sample = rank; sample < batchSize; sample += ranks) yield sample;
}

/** Throws REQUEST_INVALID where some rank would get no sample of some batch, and for a rank that is not 0 to ranks - 1. */
export function checkRank(spec: Pick<ResolvedSpec, "plan" | "stages">, { rank, ranks }: Rank): void {
  const smallest = spec.stages.reduce((least, { batchSize }) => Math.min(least, batchSize), spec.plan.batchSize);
  if (!Number.isInteger(ranks) || ranks < 1 || ranks > smallest)
    refuseRequest("ranks", ranks, `an integer from 1 to ${smallest}, the smallest batch of the run`);
  if (!Number.isInteger(rank) || rank < 0 || rank >= ranks)
    refuseRequest("rank", rank, `an integer from 0 to ${ranks - 1} (of ${ranks} ranks)`);
}
