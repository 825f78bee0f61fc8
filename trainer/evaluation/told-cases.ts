import type { CaseEvaluated } from "../../proto/messages.js";
import type { WatchedEvent } from "../client/events.js";
import type { TrainingEvent } from "../run-folder/events.js";
import { type ScoredCase, type ScoredClass, scoreOf } from "./scores.js";
import { summaryJson } from "./summary-json.js";

/** Gathers what a training tells of its held-out cases: enough for nnU-Net's summary of them, wherever the training ran. */
export class ToldCases {
  readonly #training: string;
  readonly #cases = new Map<string, CaseEvaluated>();
  #dataset = "";

  /** `training` is its id. */
  constructor(training: string) {
    this.#training = training;
  }

  /** Takes the next event of the training, whatever it tells. */
  add(event: WatchedEvent | TrainingEvent): void {
    if (event.kind === "opened") this.#dataset = event.opened.dataset;
    if (event.kind === "caseEvaluated") this.#cases.set(event.caseEvaluated.case, event.caseEvaluated);
  }

  /**
   * nnU-Net's summary.json, which the training leaves in its folder, too; labels are named by training and case, since their files lie at the
   * trainer. Undefined where no case was evaluated, and where an older trainer does not tell what a Dice is made of.
   */
  get summary(): string | undefined {
    const told = [...this.#cases.values()];
    const [first] = told;
    if (first === undefined || told.some(({ classes, voxels }) => voxels.length !== classes.length)) return undefined;
    const classes = first.classes.map(({ name }, i): ScoredClass => ({ name, values: first.voxels[i]?.values ?? [] }));
    const cases = told.map(
      ({ case: id, voxels }): ScoredCase => ({
        id,
        prediction: `${this.#training}/${id}`,
        reference: `${this.#dataset}/${id}`,
        scores: voxels.map(scoreOf),
      }),
    );
    return summaryJson(classes, cases);
  }
}
