import { openEngine, openStore, type StoreOptions } from "../../loader/index.js";
import { batchSamples, caseTable, resolveSpec } from "../../plan/index.js";
import { type FetchedBatch, planRequest, type RequestedBatch } from "./fetched-batch.js";
import type { Volumes } from "./volumes.js";

/** Cuts the batch from a store, and gives it to `use` while the store is open. */
export async function fetchFromStore<Result>(
  place: string,
  options: StoreOptions,
  request: RequestedBatch,
  use: (batch: FetchedBatch, volumes: Volumes) => Result | Promise<Result>,
): Promise<Result> {
  await using store = await openStore(place, options);
  const cases = caseTable(store.dataset);
  const spec = resolveSpec(request.dataSpec, { ...store.dataset, cases });
  const plan = planRequest(spec, cases, request);
  await using engine = await openEngine(store);
  const lease = await engine.cut(spec, plan, { checksum: true });
  const own = <Tensor extends { offset: number; byteLength: number }>(tensor: Tensor) => {
    return { ...tensor, bytes: lease.bytes.slice(tensor.offset, tensor.offset + tensor.byteLength) };
  };
  const [image, label, ...deepLabels] = lease.tensors;
  const batch = { image: own(image), label: own(label), deepLabels: deepLabels.map(own), checksum: lease.checksum };
  lease.release();
  return await use({ spec, plan, samples: batchSamples(plan, lease.lowers), ...batch }, store);
}
