import { lockFolder } from "../../disk/process-lock.js";
import { PatchstreamError } from "../../plan/errors.js";
import { AFTER_ITS_END, StageRequests } from "../loop/stage-requests.js";
import { runTraining, type TrainingJob } from "../loop/training.js";
import { RUN_LOCK, removeUnfinished } from "../run-folder/run-lock.js";
import type { Parent } from "./messages.js";
import { sentFailure } from "./sent-failure.js";

/** A training in this process: alone in its folder, steered and watched by messages. */
export async function trainJob(job: TrainingJob, { tell, notice, on }: Parent): Promise<"done" | "stopped"> {
  const stop = new AbortController();
  const stageRequests = new StageRequests();
  let flushed: () => void = () => undefined;
  on("stop", () => stop.abort());
  on("flushed", () => flushed());
  on("setStage", ({ id, asked }) =>
    stageRequests.add({
      ...asked,
      resolve: (changed) => void tell({ kind: "stageSet", id, changed }),
      reject: (error) => void tell({ kind: "stageRefused", id, failure: sentFailure(error) }),
    }),
  );
  using _held = lockFolder(job.folder, RUN_LOCK);
  removeUnfinished(job.folder);
  try {
    return await runTraining({
      ...job,
      emit: (event) => void tell({ kind: "event", event }),
      emitted: () =>
        new Promise((resolve) => {
          flushed = resolve;
          void tell({ kind: "flush" });
        }),
      notice,
      onFleet: (fleet) => void tell({ kind: "fleet", fleet }),
      stageRequests,
      signal: stop.signal,
    });
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) return "stopped";
    throw error;
  } finally {
    const facts = { training: job.folder, state: "has ended", reason: "" };
    stageRequests.close(new PatchstreamError({ code: "TRAINING_ENDED", ...facts }, AFTER_ITS_END));
  }
}
