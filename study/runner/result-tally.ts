import type { WatchedEvent } from "../../trainer/index.js";
import type { RunResult, StudyCase, StudyEpoch, StudyPoint, StudyStage } from "../run-result.js";

type EventOf<Kind extends WatchedEvent["kind"]> = Extract<WatchedEvent, { readonly kind: Kind }>;
type Opened = EventOf<"opened">["opened"];
type Taken = EventOf<"step">["step"];
type Ended = EventOf<"epoch">["epoch"];

/** What is kept of a step. */
interface Step extends Pick<Taken, "stage" | "stepMs" | "foregroundShare" | "classes"> {
  /** Zero of the first one after a run was opened: connecting and reading volumes are no waiting of the curriculum. */
  readonly waitedMs: number;
}

/**
 * Folds the events of a training into its result. A step or an epoch that happens again, as after a crash, counts once: what was told last.
 */
export class ResultTally {
  readonly #steps: Step[] = [];
  readonly #epochs: Ended[] = [];
  readonly #cases = new Map<string, EventOf<"caseEvaluated">["caseEvaluated"]>();
  #opened: Opened | undefined;
  #evaluated: EventOf<"evaluated">["evaluated"] | undefined;
  #isFirst = true;

  add(event: WatchedEvent): void {
    switch (event.kind) {
      case "opened":
        this.#opened = event.opened;
        this.#isFirst = true;
        this.#steps.length = Math.min(this.#steps.length, event.opened.firstStep);
        break;
      case "step": {
        const { step, stage, stepMs, waitedMs, foregroundShare, classes } = event.step;
        const counted = {
          ...(foregroundShare !== undefined && { foregroundShare }),
          ...(classes !== undefined && { classes }),
        };
        this.#steps[step] = { stage, stepMs, waitedMs: this.#isFirst ? 0 : waitedMs, ...counted };
        this.#isFirst = false;
        break;
      }
      case "epoch":
        this.#epochs[event.epoch.epoch] = event.epoch;
        break;
      case "caseEvaluated":
        this.#cases.set(event.caseEvaluated.case, event.caseEvaluated);
        break;
      case "evaluated":
        this.#evaluated = event.evaluated;
        break;
      case "state":
      case "stage":
      case "decided":
      case "checkpoint":
      case "warning":
    }
  }

  /** Of a training that is done. `joules`: of its stages, where they were measured. */
  finished(point: StudyPoint, joules: ReadonlyMap<number, number> = new Map()): RunResult {
    const { classes = [], meanDice = 0 } = this.#evaluated ?? {};
    return {
      point,
      outcome: "finished",
      classes: classes.map(({ name }) => name),
      cases: this.#held(),
      dice: classes.map(({ dice }) => dice ?? null),
      meanDice,
      ...this.#run(joules),
      forwardSeconds: this.#forwardSeconds(),
    };
  }

  /** Of a training whose loss is no number any more: Dice 0, as in the paper. `classes`: the names of the data set's. */
  diverged(point: StudyPoint, { classes, message }: Pick<RunResult, "classes"> & { message: string }): RunResult {
    const dice = classes.map(() => 0);
    return { point, outcome: "diverged", message, classes, cases: [], dice, meanDice: 0, ...this.#run(new Map()) };
  }

  #run(joules: ReadonlyMap<number, number>): Pick<RunResult, "stages" | "epochs" | "trainingSeconds" | "engine"> {
    const seconds = this.#steps.reduce((sum, { stepMs, waitedMs }) => sum + stepMs + waitedMs, 0) / 1000;
    const engine = this.#opened?.engine ?? "";
    return { stages: this.#stages(joules), epochs: this.#curve(), trainingSeconds: seconds, engine };
  }

  #forwardSeconds(): number {
    const validation = this.#epochs.reduce((sum, { validationSeconds }) => sum + validationSeconds, 0);
    return [...this.#cases.values()].reduce((sum, { seconds }) => sum + seconds, validation);
  }

  #held(): StudyCase[] {
    const names = [...this.#cases.keys()].sort();
    return names.map((id) => ({
      case: id,
      dice: (this.#cases.get(id)?.classes ?? []).map(({ dice }) => dice ?? null),
    }));
  }

  #stages(joules: ReadonlyMap<number, number>): StudyStage[] {
    return (this.#opened?.stages ?? []).flatMap(({ patchSize, batchSize, flops }, stage) => {
      const steps = this.#steps.filter((one) => one.stage === stage);
      if (steps.length === 0) return [];
      const total = (of: (step: Step) => number) => steps.reduce((sum, one) => sum + of(one), 0);
      const isCounted = steps.every(
        ({ classes, foregroundShare }) => classes !== undefined && foregroundShare !== undefined,
      );
      const [z = 0, y = 0, x = 0] = patchSize;
      return [
        {
          stage,
          patchSize: [z, y, x] as const,
          batchSize,
          steps: steps.length,
          stepSeconds: total(({ stepMs }) => stepMs) / 1000,
          waitingSeconds: total(({ waitedMs }) => waitedMs) / 1000,
          flops: steps.length * flops,
          ...(joules.has(stage) && { joules: joules.get(stage) ?? 0 }),
          ...(isCounted && {
            foregroundShare: total(({ foregroundShare = 0 }) => foregroundShare) / steps.length,
            classesPerStep: total(({ classes = 0 }) => classes) / steps.length,
          }),
        },
      ];
    });
  }

  #curve(): StudyEpoch[] {
    let [taken, milliseconds] = [0, 0];
    const curve: StudyEpoch[] = [];
    for (const ended of this.#epochs) {
      if (ended === undefined) continue; // with fewer steps than epochs, some have none
      for (; taken < ended.stepsTaken; taken++) {
        const { stepMs = 0, waitedMs = 0 } = this.#steps[taken] ?? {};
        milliseconds += stepMs + waitedMs;
      }
      const { epoch, stepsTaken, loss, meanPseudoDice } = ended;
      const dice = meanPseudoDice === undefined ? {} : { pseudoDice: meanPseudoDice };
      curve.push({ epoch, steps: stepsTaken, seconds: milliseconds / 1000, loss, ...dice });
    }
    return curve;
  }
}
