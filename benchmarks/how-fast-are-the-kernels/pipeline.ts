import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as ourLoader from "../../loader/index.js";
import * as ourPlan from "../../plan/index.js";

/** Voxels a batch, batches to warm up, and batches that a round is the mean of: builds cut the same ones, so few are enough for a ratio. */
const BATCH_VOXELS = 2 * 128 ** 3;
const WARM_UP = 3;
const BATCHES = 5;
const ROUNDS = 5;

/** A build of this project: the two doors that cutting takes. */
export interface Build {
  readonly loader: Pick<typeof ourLoader, "openEngine" | "openStore">;
  readonly plan: Pick<typeof ourPlan, "caseTable" | "planCrops" | "resolveSpec">;
}

export const ourBuild: Build = { loader: ourLoader, plan: ourPlan };

/** The build in a folder `dist`. */
export async function buildIn(dist: string): Promise<Build> {
  const door = (room: string) => import(pathToFileURL(join(resolve(dist), room, "index.js")).href);
  return { loader: (await door("loader")) as Build["loader"], plan: (await door("plan")) as Build["plan"] };
}

export interface PipelineOptions {
  readonly store: string;
  /** Patches are cubes. */
  readonly side: number;
  readonly augmentation: "none" | "nnunet";
  readonly checksum: boolean;
}

/**
 * Processor nanoseconds a voxel of whole batches, each cut by an engine with one worker, dispatch included: a list of rounds for
 * each of `builds`, which take turns and cut the same steps.
 */
export async function measurePipeline(builds: readonly Build[], options: PipelineOptions): Promise<number[][]> {
  const arms: Arm[] = [];
  try {
    for (const build of builds) arms.push(await openArm(build, options));
    for (const { cut } of arms) for (let i = 0; i < WARM_UP; i++) await cut();
    const rounds: number[][] = arms.map(() => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, { cut }] of arms.entries()) {
        const began = process.cpuUsage();
        for (let i = 0; i < BATCHES; i++) await cut();
        const { user, system } = process.cpuUsage(began);
        rounds[index]?.push((1000 * (user + system)) / (BATCHES * BATCH_VOXELS));
      }
    }
    return rounds;
  } finally {
    for (const arm of arms) await arm.close();
  }
}

interface Arm {
  /** Cuts one batch after the other. */
  readonly cut: () => Promise<void>;
  readonly close: () => Promise<void>;
}

async function openArm(
  { loader, plan }: Build,
  { store, side, augmentation, checksum }: PipelineOptions,
): Promise<Arm> {
  const opened = await loader.openStore(store);
  const cases = plan.caseTable(opened.dataset);
  const ids = opened.dataset.cases.map(({ id }) => id);
  const data = {
    dataset: opened.dataset.name,
    plan: { patchSize: [side, side, side], batchSize: BATCH_VOXELS / side ** 3, pooling: [2, 2, 2] },
    mode: "constant",
    augmentation,
    split: { train: ids.slice(0, -1), val: ids.slice(-1) },
  };
  const spec = plan.resolveSpec(data, { ...opened.dataset, cases });
  const engine = await loader.openEngine(opened, { workers: 1 });
  let step = 0;
  return {
    cut: async () => {
      const planned = plan.planCrops(spec, cases, { timeline: "train", step: step++, stage: 0 });
      const lease = checksum ? await engine.cut(spec, planned, { checksum }) : await engine.cut(spec, planned);
      lease.release();
    },
    close: async () => {
      await engine[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}
