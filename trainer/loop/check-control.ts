import { refuse } from "../../plan/errors.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import type { TrainingSpec } from "../spec.js";

/** Whether each epoch ends with the run's validation batches. Throws SPEC_INVALID where they are asked for and the run has none. */
export function isValidated({ valSteps }: ResolvedSpec, { validation }: Pick<TrainingSpec, "validation">): boolean {
  if (validation === true && valSteps === 0)
    refuse("training.validation", true, "false where data.valSteps is 0, as it is without cases that are held out");
  return validation ?? valSteps > 0;
}

/** Throws SPEC_INVALID where a run has not what its control decides by, or validation that cannot be. */
export function checkControl(spec: ResolvedSpec, settings: Pick<TrainingSpec, "validation" | "control">): void {
  const validated = isValidated(spec, settings);
  const { kind } = settings.control;
  if (kind !== "adaptive") return;
  const field = "training.control.kind";
  if (spec.stageOrder === "random")
    refuse(field, kind, '"scheduled" or "manual" where the stage of each step is drawn: there is no next one');
  if (!validated)
    refuse(field, kind, '"scheduled" or "manual" in a run without validation: it decides by the pseudo Dice');
}
