// Trains small patches on one engine and large ones on another, such as the processor and a GPU: weights can move between engines.
// Usage: patchstream trainer --engine-module two-engines.mjs
import { openTrainingEngine } from "patchstream/trainer";

const { LARGE_ENGINE = "onnx-cuda", LARGE_VOXELS = 24 ** 3 } = process.env;

export async function openEngine() {
  const engines = await Promise.all(["onnx", LARGE_ENGINE].map((name) => openTrainingEngine(name, console.error)));
  return {
    name: engines.map(({ name }) => name).join("+"),
    async createModel(network, options) {
      const [small, large] = await Promise.all(engines.map((engine) => engine.createModel(network, options)));
      let model = small;
      async function modelFor([z, y, x]) {
        const wanted = z * y * x > Number(LARGE_VOXELS) ? large : small;
        if (wanted !== model) await wanted.load(await model.save());
        model = wanted;
        return model;
      }
      return {
        step: async (batch, settings) => (await modelFor(batch.patchSize)).step(batch, settings),
        validate: async (batch) => (await modelFor(batch.patchSize)).validate(batch),
        predict: async (image, count, patch) => (await modelFor(patch)).predict(image, count, patch),
        save: () => model.save(),
        load: (state) => model.load(state),
        [Symbol.asyncDispose]: async () => {
          await small[Symbol.asyncDispose]();
          await large[Symbol.asyncDispose]();
        },
      };
    },
  };
}
