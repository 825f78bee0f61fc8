/** Our engine in the consumer's process: batches planned, cut and released, two at a time. */
import { openEngine } from "../../../loader/index.js";
import { caseTable, planCrops, resolveSpec } from "../../../plan/index.js";
import type { Job } from "../job.js";
import { answerRequests, type LoadedBatch } from "./answer.js";

const CUTTING_AHEAD = 2;

async function* openLoader({ store, data, stage, workers }: Job): AsyncGenerator<LoadedBatch> {
  await using engine = await openEngine(store, { workers: Math.max(1, workers) });
  const cases = caseTable(engine.dataset);
  const spec = resolveSpec(data, { ...engine.dataset, cases });
  const cut = (step: number) => engine.cut(spec, planCrops(spec, cases, { timeline: "train", step, stage }));
  const ahead = Array.from({ length: CUTTING_AHEAD }, (_, step) => cut(step));
  try {
    for (let step = CUTTING_AHEAD; ; step++) {
      const { tensors, bytes, release } = await (ahead.shift() as ReturnType<typeof cut>);
      ahead.push(cut(step));
      const [image, label] = tensors;
      yield { imageShape: image.shape, label: bytes.subarray(image.byteLength, image.byteLength + label.byteLength) };
      release();
    }
  } finally {
    for (const lease of await Promise.all(ahead)) lease.release();
  }
}

await answerRequests(openLoader);
