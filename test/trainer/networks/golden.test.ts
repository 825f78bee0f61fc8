import test from "ava";
import { reportModel } from "../../../trainer/model-report.js";
import { elementCount } from "../../../trainer/networks/parameter.js";
import { listParameters } from "../../../trainer/networks/parameters.js";
import { stateDict } from "../../../trainer/networks/state-dict.js";
import type { StateTensor } from "../../../trainer/networks/state-tensor.js";
import { declareForEach } from "../engines/at-hand.js";
import { isAsPyTorch, titleAt, titleOf } from "./as-pytorch.js";
import { describeGolden, golden } from "./known.js";

for (const [index, entry] of golden.networks.entries()) {
  const network = describeGolden(entry);
  const title = titleOf(index, entry);

  test(`${title}: a state dict has the names, shapes and types of PyTorch's module, none more, none less`, (t) => {
    const parameters = listParameters(network);
    t.is(
      parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
      entry.parameters,
    );
    const weights = new Map<string, StateTensor>(
      parameters.map(({ name, shape }) => [name, { shape, values: new Float32Array(elementCount(shape)) }]),
    );
    const got = [...stateDict(network, weights)].map(([name, { shape, values }]) => {
      t.is(values.length, elementCount(shape), name);
      return `${name} ${shape.join("x")} ${values instanceof BigInt64Array ? "I64" : "F32"}`;
    });
    const want = entry.tensors.map(([name, shape, type]) => `${name} ${shape.join("x")} ${type}`);
    t.deepEqual(got.sort(), want.sort());
  });

  for (const step of entry.steps) {
    const patch = step.patchSize.join("x");
    // PyTorch multiplies the scores of a single token element by element, which it does not count.
    const countsAll = entry.network !== "unetr" || patch !== "16x16x16";

    if (countsAll)
      test(`${title}: the operations of a forward pass at ${patch} are those that PyTorch counts`, (t) => {
        const { layers, stages } = reportModel(network, [{ patchSize: step.patchSize, batchSize: 2 }]);
        t.is(
          layers.reduce((sum, { flops }) => sum + flops, 0),
          step.forwardFlops,
        );
        t.is(stages[0]?.flops, 3 * 2 * step.forwardFlops);
      });
  }
}

declareForEach((engine) => {
  for (const [index, entry] of golden.networks.entries())
    for (const step of entry.steps)
      test.serial(`${engine.name}: ${titleAt(index, entry, step)}`, (t) => isAsPyTorch(t, engine, entry, step));
});
