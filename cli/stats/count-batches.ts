import { type ConnectOptions, connect } from "../../client/index.js";
import {
  type CountedBatch,
  classVoxels,
  labelNumbers,
  openEngine,
  openStore,
  type StoreOptions,
} from "../../loader/index.js";
import { caseTable, foregroundValues, planBatch, type ResolvedSpec, resolveSpec } from "../../plan/index.js";
import { type SampledStep, type Sampling, sampledSteps } from "./sampled-steps.js";

/** Which batches are counted. */
export interface CountRequest {
  /** The `data` part of a run spec, as its author wrote it. */
  readonly dataSpec: unknown;
  readonly sampling: Sampling;
  /** Told after each batch. */
  readonly onCounted: (done: number, total: number) => void;
}

/** Batches of a run that were counted. */
export interface CountedRun {
  readonly spec: ResolvedSpec;
  readonly batches: readonly (CountedBatch & SampledStep)[];
}

/** Cuts the batches from a store and counts them. */
export async function countFromStore(
  place: string,
  options: StoreOptions,
  { dataSpec, sampling, onCounted }: CountRequest,
): Promise<CountedRun> {
  await using store = await openStore(place, options);
  const cases = caseTable(store.dataset);
  const spec = resolveSpec(dataSpec, { ...store.dataset, cases });
  await using engine = await openEngine(store);
  const batches = [];
  const steps = sampledSteps(spec, sampling);
  for (const address of steps) {
    const batchPlan = planBatch(spec, cases, { timeline: "train", ...address });
    const lease = await engine.cut(spec, batchPlan, { countClasses: true });
    const { patchSize, crops } = batchPlan;
    lease.release();
    batches.push({ ...address, patchSize, samples: crops.length, classVoxels: lease.classVoxels ?? [] });
    onCounted(batches.length, steps.length);
  }
  return { spec, batches };
}

/** Asks a data server for the batches and counts what arrived; `addresses` are its replicas, `host:port` each. */
export async function countFromServer(
  addresses: readonly string[],
  options: ConnectOptions,
  { dataSpec, sampling, onCounted }: CountRequest,
): Promise<CountedRun> {
  await using client = connect(addresses, options);
  const classes = foregroundValues(await client.describeDataset());
  const { spec, specBytes } = await client.describeRun(new TextEncoder().encode(JSON.stringify(dataSpec)));
  const batches = [];
  const steps = sampledSteps(spec, sampling);
  for (const address of steps) {
    const { patchSize, label } = await client.getBatch(specBytes, address);
    const counts = classVoxels([labelNumbers(label.type, label.bytes)], classes);
    batches.push({ ...address, patchSize, samples: label.shape[0] as number, classVoxels: counts });
    onCounted(batches.length, steps.length);
  }
  return { spec, batches };
}
