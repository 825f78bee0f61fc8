import { connect } from "../../client/connect.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { PredictionJob } from "../inference/prediction.js";
import { noCheckpoint, readCheckpointHeader } from "../run-folder/checkpoint.js";
import { type ImageSizes, predictionBytes } from "./estimate-memory.js";
import type { SessionSizes } from "./session-sizes.js";

/** Sizes (Z,Y,X) of the image to label: as it is stored, and on the grid of its label. */
async function sizesOf(source: PredictionJob["source"]): Promise<ImageSizes> {
  if (source.kind === "image") {
    const [, ...size] = source.shape;
    return { stored: size, original: size };
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
  const [, ...stored] = found.shape;
  return { stored, original: found.geometry.originalShape };
}

/**
 * Bytes that labelling an image with a checkpoint of `training`, in `folder`, is estimated to take. Throws NOT_FOUND where there is no such checkpoint or case,
 * INPUT_DAMAGED, and what the data servers refuse.
 */
export async function predictionNeed(
  { training, folder, checkpoint: name, source }: Omit<PredictionJob, "engine" | "threads">,
  sizes: SessionSizes,
): Promise<number> {
  const checkpoint = readCheckpointHeader(folder, name);
  if (checkpoint === undefined) throw noCheckpoint(training, name);
  const { network, spec } = checkpoint;
  return predictionBytes(network, spec.plan, await sizesOf(source), sizes);
}
