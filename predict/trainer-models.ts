import type { CheckpointName, TrainerClient } from "../trainer/index.js";
import type { Models } from "./labeller.js";
import { sendingBytes } from "./memory.js";
import { checkSameKind, type ModelKind, preparationOf } from "./same-kind.js";

export interface TrainerModelsOptions {
  readonly checkpoint: CheckpointName;
  /** Whether to take the mean over all flips of the axes that training mirrored along. */
  readonly mirror: boolean;
  /** For so long a trainer that labels other images is asked again. */
  readonly patienceMs: number;
  readonly notice: (line: string) => void;
}

/**
 * The checkpoints of trainings at a trainer, which labels with them: images are preprocessed here, and what goes there is the network's input.
 * Each image is labelled by the checkpoint that there is at its time. Throws NOT_FOUND for a training, and for one without a
 * checkpoint; INPUT_DAMAGED for one that does not belong to the first.
 */
export async function trainerModels(
  trainer: TrainerClient,
  trainings: readonly string[],
  { checkpoint, mirror, patienceMs, notice }: TrainerModelsOptions,
): Promise<Models> {
  const kinds: ModelKind[] = [];
  for (const training of trainings) {
    const { trainedOn, patchSize } = await trainer.describeModel(training, { checkpoint });
    kinds.push({ file: `training ${training}`, trainedOn, patchSize });
  }
  const [first] = kinds as [ModelKind];
  const preparation = preparationOf(first);
  checkSameKind(kinds);
  const [training, ...averageWith] = trainings as [string, ...string[]];
  return {
    trainedOn: first.trainedOn,
    preparation,
    names: trainings.map((each) => `training ${each}, ${checkpoint}`),
    mirror,
    async open() {
      return {
        ownBytes: 0,
        bytesOf: sendingBytes,
        async label({ shape, values, geometry }, { id, tell }) {
          const image = { shape, values, geometry };
          const made = await trainer.predictImage(training, image, {
            checkpoint,
            averageWith,
            mirror,
            patienceMs,
            onBusy: () => notice(`${id}: waits, ${trainer.address} has other work`),
            onProgress: tell,
          });
          return { label: made.values, steps: made.steps };
        },
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
}
