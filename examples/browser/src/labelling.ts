import type { LabelJob, Labelled, WorkerAnswer } from "./messages.js";
import LabelWorker from "./worker.js?worker";

export interface LabellingCalls {
  readonly runsOn: (text: string) => void;
  /** The share of the windows that are done, 0 to 1. */
  readonly progress: (share: number) => void;
  readonly done: (labelled: Labelled) => void;
  readonly failed: (line: string) => void;
}

/** Labels an image in a thread of its own. The function that it gives ends it. */
export function startLabelling(job: LabelJob, calls: LabellingCalls): () => void {
  const worker = new LabelWorker();
  const end = () => worker.terminate();
  worker.addEventListener("message", ({ data }: MessageEvent<WorkerAnswer>) => {
    switch (data.kind) {
      case "runs-on":
        return calls.runsOn(data.text);
      case "progress":
        return calls.progress(data.share);
      case "done":
        end();
        return calls.done(data.labelled);
      case "failed":
        end();
        return calls.failed(data.line);
    }
  });
  worker.addEventListener("error", ({ message }) => {
    end();
    calls.failed(`The image was not labelled: ${message || "its thread could not be started"}`);
  });
  worker.postMessage(job);
  return end;
}
