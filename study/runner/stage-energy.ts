import type { WatchedEvent } from "../../trainer/index.js";
import type { EnergyMeter } from "./energy-meter.js";

/**
 * Shares out the energy of a machine over the stages of the one training that it does: what was used up to a step is its stage's, what
 * validation used is nobody's. For a training that is watched from its first step on as it happens.
 */
export class StageEnergy {
  readonly #meter: EnergyMeter;
  readonly #joules = new Map<number, number>();
  #read: number;

  constructor(meter: EnergyMeter) {
    this.#meter = meter;
    this.#read = meter.readJoules();
  }

  add(event: WatchedEvent): void {
    if (event.kind !== "step" && event.kind !== "epoch" && event.kind !== "opened") return;
    const now = this.#meter.readJoules();
    if (event.kind === "step") {
      const { stage } = event.step;
      this.#joules.set(stage, (this.#joules.get(stage) ?? 0) + now - this.#read);
    }
    this.#read = now;
  }

  /** Joules by number of stage. */
  get joules(): ReadonlyMap<number, number> {
    return this.#joules;
  }
}
