import { createHash } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import type { Zyx } from "../../../plan/zyx.js";
import { openOnnxEngine } from "../../../trainer/engines/onnx/engine.js";
import { openRuntime } from "../../../trainer/engines/onnx/runtime.js";
import { keptBytes, SessionCache } from "../../../trainer/engines/onnx/sessions.js";
import { stepGraph } from "../../../trainer/engines/onnx/step-graph.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import { ballBatch } from "./sample-batch.js";

const plan = { patchSize: [8, 8, 8], batchSize: 2, pooling: [1, 1, 1] } as const;
const network = describeNetwork(plan, { channels: 1, classes: 3, baseFeatures: 4 });
const PATCHES: readonly Zyx[] = [
  [2, 2, 2],
  [4, 2, 2],
  [4, 4, 2],
  [4, 4, 4],
  [8, 8, 8],
];
/** Each patch at least twice, in no order. */
const DRAWN = [3, 0, 4, 1, 1, 2, 0, 4, 3, 2, 4, 0, 1, 3, 2, 4, 2, 0, 3, 1];

/** Of batches large enough that their values, and not their graphs, take the memory; none is run. */
const graphOf = (patchSize: Zyx) =>
  stepGraph(network, { batchSize: 8000, patchSize }, { batchDice: false, deepSupervision: false });

/** How often a graph was made for each patch in `order`, with a budget of the memory of all patches times `share`. */
async function madeWith(t: ExecutionContext, share: number, order: readonly number[]): Promise<number[]> {
  const all = PATCHES.reduce((sum, patch) => sum + keptBytes(graphOf(patch)), 0);
  const budgetBytes = share * all;
  await using sessions = new SessionCache(await openRuntime("cpu"), { threads: 1, budgetBytes });
  const made = PATCHES.map(() => 0);
  for (const index of order) {
    const session = await sessions.get(`${index}`, () => {
      made[index] = (made[index] ?? 0) + 1;
      return graphOf(PATCHES[index] as Zyx);
    });
    t.true(session.inputNames.includes("image"));
  }
  return made;
}

test("while the budget lasts a session is made once, whatever the order of the patches", async (t) => {
  t.deepEqual(await madeWith(t, 1, DRAWN), [1, 1, 1, 1, 1]);
});

test("over the budget a session that is needed again is made once more, and then stays", async (t) => {
  const made = await madeWith(t, 0.7, [...DRAWN, ...DRAWN]);
  t.true(made.some((times) => times === 2));
  t.true(
    made.every((times) => times <= 2),
    made.join(),
  );
});

test("stages one after the other release the oldest first, and never the newest two", async (t) => {
  t.deepEqual(await madeWith(t, 0, [0, 1, 0, 1, 2, 1, 2, 3]), [1, 1, 1, 1, 0]);
});

test("what sessions keep changes no bit of a training", async (t) => {
  const engine = await openOnnxEngine("cpu");
  const settings = { learningRate: 0.05, momentum: 0.9, weightDecay: 3e-5, gradientClip: 12 };
  const trained = async (budget: number) => {
    await using model = await engine.createModel(network, { seed: 1, batchDice: false, threads: 1, keptBytes: budget });
    for (const [step, index] of DRAWN.entries()) await model.step(ballBatch(2, PATCHES[index] as Zyx, step), settings);
    const state = [...(await model.save())];
    return state.map(([name, { values }]) => `${name} ${createHash("sha256").update(values).digest("hex")}`);
  };
  t.deepEqual(await trained(0), await trained(2 ** 40));
});
