import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { PatchstreamError } from "../../plan/errors.js";
import type { Training, TrainingDamage } from "../../proto/messages.js";
import { damageOf, isRunFolder, openRunFolder } from "../run-folder/run-folder.js";
import { NOT_BEGUN } from "../run-folder/standing.js";
import { KnownTraining, type Observers } from "./known-training.js";

/** A training that somebody has to mend, or to remove. */
interface Damaged {
  readonly id: string;
  readonly damage: TrainingDamage;
  /** What it was before the damage was found. */
  readonly known: KnownTraining | undefined;
}

export interface KnownTrainingsOptions extends Observers {
  readonly runsFolder: string;
  /** Told in one line of trainings that are damaged when the folder is opened. */
  readonly notice: (line: string) => void;
}

/** The trainings in a runs folder, one folder each, usable or damaged. */
export class KnownTrainings {
  readonly #options: KnownTrainingsOptions;
  readonly #usable = new Map<string, KnownTraining>();
  readonly #damaged = new Map<string, Damaged>();

  /** Opens the trainings of before. One that was cut short is interrupted from now on, and its history says so. */
  constructor(options: KnownTrainingsOptions) {
    this.#options = options;
    const { runsFolder } = options;
    for (const entry of readdirSync(runsFolder, { withFileTypes: true }))
      if (entry.isDirectory()) this.#open(entry.name, join(runsFolder, entry.name));
  }

  #open(id: string, folder: string): void {
    try {
      if (!isRunFolder(folder)) return;
      const { wasCutShort, ...resting } = openRunFolder(folder);
      const training = this.add({ id, folder, ...resting });
      if (wasCutShort) training.endWell(training.state, { message: "the trainer ended while it ran" });
    } catch (error) {
      const damage = damageOf(error, folder);
      this.#setDamaged({ id, damage, known: undefined });
      this.#options.notice(`training ${id} is damaged: ${damage.file}: ${damage.reason}`);
    }
  }

  add(fresh: ConstructorParameters<typeof KnownTraining>[0]): KnownTraining {
    const training = new KnownTraining(fresh, this.#options);
    this.#usable.set(training.id, training);
    return training;
  }

  /** `error` says what of its files cannot be read: calls for it are refused with that from now on. */
  setDamaged(known: KnownTraining, error: unknown): void {
    this.#setDamaged({ id: known.id, damage: damageOf(error, known.folder), known });
  }

  #setDamaged(damaged: Damaged): void {
    const { id, damage } = damaged;
    this.#usable.delete(id);
    this.#damaged.set(id, damaged);
    this.#options.log({ event: "training-damaged", training: id, file: basename(damage.file) });
  }

  /** Throws NOT_FOUND, or INPUT_DAMAGED for one that is damaged. */
  find(id: string): KnownTraining {
    const training = this.#usable.get(id);
    if (training) return training;
    const damage = this.#damaged.get(id)?.damage;
    if (damage) {
      const { file, reason } = damage;
      const hint = "Mend it or remove the training's folder, then start the trainer again.";
      throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: "what the trainer wrote there" }, hint);
    }
    const known = [...this.#usable.keys(), ...this.#damaged.keys()];
    const hint = known.length === 0 ? "This trainer has none." : undefined;
    throw new PatchstreamError({ code: "NOT_FOUND", what: "training", name: id, known }, hint);
  }

  /** The one whose caller called its start so. */
  startedAs(key: string): KnownTraining | undefined {
    return [...this.#usable.values()].find(({ request }) => request.key === key);
  }

  /** Those that run now. */
  running(): KnownTraining[] {
    return [...this.#usable.values()].filter(({ running }) => running !== undefined);
  }

  /** Oldest first. */
  list(): Training[] {
    const usable = [...this.#usable.values()].map((training): Training => ({ ...training.inShort(), damage: null }));
    const damaged = [...this.#damaged.values()].map(({ id, damage, known }): Training => {
      const short = known === undefined ? { id, data: [], dataset: "", ...NOT_BEGUN } : known.inShort();
      return { ...short, state: "TRAINING_STATE_DAMAGED", damage };
    });
    return [...usable, ...damaged].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
