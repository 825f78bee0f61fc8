import { labelBlob, PatchstreamError, readOnnxModel } from "patchstream/browser";
import type { LabelJob, Labelled, WorkerAnswer } from "./messages.js";
import { openNetwork } from "./network.js";

const answer = (message: WorkerAnswer) => postMessage(message);

addEventListener("message", ({ data: job }: MessageEvent<LabelJob>) => {
  label(job).then(
    (labelled) => answer({ kind: "done", labelled }),
    (error) => answer({ kind: "failed", line: lineOf(error) }),
  );
});

async function label({ model: { name, bytes }, image, mirror }: LabelJob): Promise<Labelled> {
  const began = performance.now();
  const model = readOnnxModel(name, bytes);
  // Opened when the first window comes: an image that cannot be read has its line at once.
  let network: ReturnType<typeof openNetwork> | undefined;
  const open = async () => {
    const opened = await openNetwork(bytes, model);
    answer({ kind: "runs-on", text: opened.runsOn });
    return opened;
  };
  const { nifti, ...facts } = await labelBlob(image.name, image, model, {
    mirror,
    tell: (share) => answer({ kind: "progress", share }),
    async predict(...window) {
      network ??= open();
      return (await network).predict(...window);
    },
  });
  const gzipped = new Response(nifti.stream().pipeThrough(new CompressionStream("gzip")));
  return { ...facts, nifti: await gzipped.blob(), seconds: (performance.now() - began) / 1000 };
}

function lineOf(error: unknown): string {
  if (error instanceof PatchstreamError) return error.message;
  const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : `the runtime's error ${error}`;
  return `The image was not labelled: ${reason}`;
}
