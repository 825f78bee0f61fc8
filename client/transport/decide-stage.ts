import { LONGEST_REASON, type StageDecision, type StageProposal } from "../../plan/batch/stage-timeline.js";
import { PatchstreamError, refuseRequest } from "../../plan/errors.js";

/** How far a run is: a change may begin at the first step not delivered, or later. */
export interface RunProgress {
  readonly firstUndelivered: number;
  readonly firstUnwanted: number;
}

/** The decision that a proposal amounts to. Throws STEP_PASSED for a step that was delivered, REQUEST_INVALID for none. */
export function decideStage(proposal: StageProposal, { firstUndelivered, firstUnwanted }: RunProgress): StageDecision {
  const { stage, reason, hold = false } = proposal;
  if (reason.length > LONGEST_REASON)
    refuseRequest("reason", `${reason.length} characters`, `at most ${LONGEST_REASON}`);
  const fromStep = proposal.fromStep === "immediate" ? firstUndelivered : (proposal.fromStep ?? firstUnwanted);
  if (!Number.isInteger(fromStep) || fromStep < 0) refuseRequest("fromStep", fromStep, "a step");
  if (fromStep < firstUndelivered)
    throw new PatchstreamError(
      { code: "STEP_PASSED", step: fromStep, delivered: firstUndelivered - 1 },
      `Name step ${firstUndelivered} or a later one.`,
    );
  return { stage, fromStep, reason, hold };
}
