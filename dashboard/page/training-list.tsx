import type { TrainingInShort } from "../../trainer/index.js";
import { isUnderWay } from "./model.js";
import { whole } from "./words.js";

/** All trainings of the trainer, newest first. */
export function TrainingList({
  trainings,
  selected,
}: {
  trainings: readonly TrainingInShort[] | undefined;
  selected: string | undefined;
}) {
  return (
    <>
      <h2>Trainings</h2>
      <ul class="trainings">
        {trainings?.toReversed().map((training) => (
          <li key={training.id}>
            <a
              href={`#/${encodeURIComponent(training.id)}`}
              aria-current={training.id === selected ? "true" : undefined}
            >
              <span class="row">
                <strong>{training.dataset || "unknown data set"}</strong>
                <span class={`state ${training.state}`}>{training.state}</span>
              </span>
              <small>{training.id}</small>
              {isUnderWay(training) && training.steps > 0 && (
                <progress value={training.stepsTaken} max={training.steps} aria-label="steps taken" />
              )}
              <small>{howFar(training)}</small>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function howFar({ damage, steps, stepsTaken, stage, smoothedPseudoDice }: TrainingInShort): string {
  if (damage !== null && damage !== undefined) return `${damage.file}: ${damage.reason}`;
  if (steps === 0) return "not begun";
  const dice = smoothedPseudoDice === undefined ? "" : `, pseudo Dice ${smoothedPseudoDice.toFixed(3)}`;
  return `step ${whole(stepsTaken)} of ${whole(steps)}, stage ${stage}${dice}`;
}
