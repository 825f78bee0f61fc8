import type { StageSteps } from "./steps-by-stage.js";

interface Cost {
  steps: number;
  ms: number;
  readonly voxels: number;
  /** Of its first step in this process, for which the engine prepares. */
  readonly firstMs: number;
}

/** What each stage and the end of an epoch have cost in this process, and what the rest will. Nothing that is decided rests on it. */
export class TimeLeft {
  readonly #stages = new Map<number, Cost>();
  #epochs = 0;
  #epochEndMs = 0;

  /** A step took `ms`, waiting included. */
  step({ stage, voxels }: Pick<StageSteps, "stage" | "voxels">, ms: number): void {
    const cost = this.#stages.get(stage);
    if (cost === undefined) this.#stages.set(stage, { steps: 0, ms: 0, voxels, firstMs: ms });
    else {
      cost.steps++;
      cost.ms += ms;
    }
  }

  /** The end of an epoch, its validation and its checkpoint, took `ms`. */
  epochEnd(ms: number): void {
    this.#epochs++;
    this.#epochEndMs += ms;
  }

  /**
   * Seconds for `steps` and the ends of `epochs`, which cost `epochEndMs` where none has ended yet. A step costs what its stage's steps have cost; of
   * a stage that was not seen yet, as much a voxel as the others'.
   */
  seconds(steps: readonly StageSteps[], epochs: number, epochEndMs: number): number {
    const known = [...this.#stages.values()].map(({ steps, ms, voxels, firstMs }) =>
      steps > 0 ? { steps, ms, voxels } : { steps: 1, ms: firstMs, voxels },
    );
    const total = (of: (cost: (typeof known)[number]) => number) => known.reduce((sum, cost) => sum + of(cost), 0);
    const msPerVoxel =
      total(({ ms }) => ms) /
      Math.max(
        1,
        total(({ steps, voxels }) => steps * voxels),
      );
    const stepsMs = steps.reduce((sum, left) => {
      const seen = this.#stages.get(left.stage);
      const ms = seen !== undefined && seen.steps > 0 ? seen.ms / seen.steps : msPerVoxel * left.voxels;
      return sum + left.steps * ms;
    }, 0);
    const endMs = this.#epochs === 0 ? epochEndMs : this.#epochEndMs / this.#epochs;
    return (stepsMs + epochs * endMs) / 1000;
  }
}
