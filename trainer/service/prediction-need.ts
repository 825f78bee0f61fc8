import { connect } from "../../client/connect.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { PredictionJob } from "../inference/prediction.js";
import { noCheckpoint, readCheckpointHeader } from "../run-folder/checkpoint.js";
import { type ImageSizes, predictionBytes } from "./estimate-memory.js";
import type { SessionSizes } from "./session-sizes.js";

/** Sizes of the image to label. */
async function sizesOf(source: PredictionJob["source"]): Promise<ImageSizes> {
  if (source.kind === "image") {
    const [, ...size] = source.shape;
    return { shape: source.shape, label: source.geometry?.originalShape ?? size };
  }
  await using client = connect(source.data, source.connection);
  const { cases } = await client.describeDataset();
  const found = cases.find(({ id }) => id === source.case);
  if (found === undefined)
    throw new PatchstreamError({
      code: "NOT_FOUND",
      what: "case",
      name: source.case,
      known: cases.map(({ id }) => id),
    });
  return { shape: found.shape, label: found.geometry.originalShape };
}

/**
 * Bytes that labelling an image with checkpoints of `trainings` is estimated to take. Throws NOT_FOUND where there is no such checkpoint or case,
 * INPUT_DAMAGED, and what the data servers refuse.
 */
export async function predictionNeed(
  { trainings, checkpoint: name, source }: Pick<PredictionJob, "trainings" | "checkpoint" | "source">,
  sizes: SessionSizes,
): Promise<number> {
  const models = trainings.map(({ training, folder }) => {
    const checkpoint = readCheckpointHeader(folder, name);
    if (checkpoint === undefined) throw noCheckpoint(training, name);
    return { network: checkpoint.network, patchSize: checkpoint.spec.plan.patchSize };
  });
  return predictionBytes(models, await sizesOf(source), sizes);
}
