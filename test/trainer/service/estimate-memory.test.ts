import { existsSync, readFileSync } from "node:fs";
import type { ExecutionContext } from "ava";
import { connect } from "../../../client/index.js";
import { voxelCount, type Zyx } from "../../../plan/index.js";
import { networkFor, networkSize } from "../../../trainer/loop/network-for.js";
import { describeNetwork } from "../../../trainer/networks/describe.js";
import { trainingNeed } from "../../../trainer/service/estimate-memory.js";
import { SessionSizes } from "../../../trainer/service/session-sizes.js";
import { parseRunSpec } from "../../../trainer/spec.js";
import { type OneDataServer, testWithDataServer } from "../one-data-server.js";
import { trainOnce } from "../process/killed-training.js";
import { holdOutLast, type Teardown, temporaryFolder, tinyRun } from "../processes.js";

const test = testWithDataServer();

function sizesFor({ teardown }: Teardown): SessionSizes {
  const sizes = new SessionSizes();
  teardown(() => sizes[Symbol.asyncDispose]());
  return sizes;
}

async function estimated(t: ExecutionContext<OneDataServer>, run: object) {
  const { data, training } = parseRunSpec(run);
  await using client = connect(t.context.data.address);
  const [described, dataset] = await Promise.all([client.describeRun(data), client.describeDataset()]);
  const network = networkFor(described.spec, training, networkSize(dataset));
  return trainingNeed({ network, run: described, dataset, training }, sizesFor(t));
}

/** The most memory that a process has had until now, in bytes (Linux); 0 for one that is gone. */
function mostMemoryOf(pid: number): number {
  const status = `/proc/${pid}/status`;
  const kibibytes = existsSync(status) ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, "utf8"))?.[1] : undefined;
  return Number(kibibytes ?? 0) << 10;
}

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

const STAGES = [
  { patchSize: [16, 24, 16], batchSize: 2, epochs: 1 },
  { patchSize: [32, 48, 32], epochs: 1 },
];

const U_NET = {
  plan: { patchSize: [32, 48, 32] as Zyx, batchSize: 2, pooling: [3, 3, 3] },
  mode: undefined,
  stages: STAGES,
  epochs: 2,
  stepsPerEpoch: 1,
};

const TRAININGS = {
  "a U-Net with deep supervision": { data: { ...U_NET, deepSupervision: true }, training: { baseFeatures: 16 } },
  "a residual U-Net with AdamW": {
    data: U_NET,
    training: { network: "residual-unet", baseFeatures: 16, optimizer: "adamw", momentum: undefined },
  },
};

for (const [name, { data, ...training }] of Object.entries(TRAININGS))
  test.serial(`the process of ${name} takes no more memory than estimated, and a third of it at least`, async (t) => {
    if (!existsSync("/proc/self/status")) return t.pass("only Linux says what a process takes");
    const run = tinyRun(t.context.cases, {
      data: { ...holdOutLast(t.context.cases), valSteps: 1, strategy: "nnunet", ...data },
      ...training,
    });
    const { bytes, keptBytes } = await estimated(t, run);
    let most = 0;
    const place = { folder: temporaryFolder(t), data: [t.context.data.address], run, keptBytes };
    const look = (_: unknown, { pid }: { readonly pid: number }) => {
      most = Math.max(most, mostMemoryOf(pid));
    };
    t.is(await trainOnce(place, { event: look }), "done");
    t.log(...[most, bytes, keptBytes].map(mebibytes));
    t.true(most <= bytes, `${mebibytes(most)} of ${mebibytes(bytes)}`);
    t.true(most >= bytes / 3, `${mebibytes(most)} of ${mebibytes(bytes)}`);
  });

test("validation counts with its batches, and a case that is held out with its logits", async (t) => {
  const [, heldOut] = t.context.cases;
  const needOf = async (data: object, validation: boolean) =>
    (await estimated(t, tinyRun(t.context.cases, { data: { ...U_NET, ...data }, training: { validation } }))).bytes;
  const split = holdOutLast(t.context.cases);
  const nothing = await needOf({ strategy: "nnunet" }, false);
  const evaluated = await needOf({ ...split, valSteps: 1, strategy: "nnunet" }, false);
  const validated = await needOf({ ...split, valSteps: 1, strategy: "nnunet" }, true);
  await using client = connect(t.context.data.address);
  const { cases } = await client.describeDataset();
  const voxels = voxelCount(cases.find(({ id }) => id === heldOut)?.geometry.originalShape ?? [0, 0, 0]);
  const classes = 3;
  t.true(evaluated - nothing >= 4 * classes * voxels);
  // Four ahead and the one that is validated, each an image of float32 and a label of bytes.
  t.true(validated - evaluated >= 5 * (4 + 1) * 2 * voxelCount(U_NET.plan.patchSize));
});

test("while a large network's memory is estimated, everything else goes on", async (t) => {
  const plan = { patchSize: [96, 96, 96], batchSize: 2, pooling: [5, 5, 5] } as const;
  const network = describeNetwork(plan, { channels: 1, classes: 14, network: "swin-unetr", baseFeatures: 48 });
  const { batchSize, patchSize } = plan;
  const kind = { batchDice: false, deepSupervision: false };
  let isOver = false;
  const asked = sizesFor(t).of({ network, kind, tasks: [{ task: "step", batchSize, patchSize }] });
  const over = asked.finally(() => {
    isOver = true;
  });
  let turns = 0;
  while (!isOver) {
    turns++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [size] = await over;
  t.true((size?.keptBytes ?? 0) > 2 ** 30);
  t.true(turns > 20, `${turns} turns of the event loop`);
});
