import {
  type CheckpointName,
  inSourceValues,
  openPredictor,
  type PredictorOptions,
  readModel,
  type SavedModel,
  weightsSha256,
} from "../trainer/index.js";
import type { Models } from "./labeller.js";
import { labellingBytes } from "./memory.js";
import { checkSameKind, type ModelKind, preparationOf } from "./same-kind.js";

export interface SavedModelsOptions extends PredictorOptions {
  /** Which checkpoint of a folder. */
  readonly checkpoint?: CheckpointName;
}

/** Models of this machine, by folder or file. Throws INPUT_DAMAGED for one that cannot be read, or that does not belong to the first. */
export async function savedModels(paths: readonly string[], options: SavedModelsOptions): Promise<Models> {
  const models: SavedModel[] = [];
  for (const path of paths) models.push(await readModel(path, options.checkpoint));
  const kinds = models.map(
    ({ file, trainedOn, checkpoint }): ModelKind => ({ file, trainedOn, patchSize: checkpoint.spec.plan.patchSize }),
  );
  const [first] = kinds as [ModelKind];
  const preparation = preparationOf(first);
  checkSameKind(kinds);
  const { labelSet } = first.trainedOn;
  return {
    trainedOn: first.trainedOn,
    preparation,
    names: models.map(({ checkpoint }) => weightsSha256(checkpoint.model)),
    mirror: options.mirror,
    async open() {
      const predictor = await openPredictor(
        models.map(({ checkpoint }) => checkpoint),
        options,
      );
      const { networkBytes, classes, patchSize } = predictor;
      return {
        ownBytes: networkBytes,
        bytesOf: (size) => labellingBytes(size, { classes, patchSize }),
        async label(image, { probabilities, tell }) {
          const made = await predictor.label(image, image.geometry, { probabilities, tell });
          return { label: inSourceValues(made.label, labelSet), probabilities: made.probabilities };
        },
        [Symbol.asyncDispose]: () => predictor[Symbol.asyncDispose](),
      };
    },
  };
}
