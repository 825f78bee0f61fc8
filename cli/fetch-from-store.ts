import { caseTable, openEngine, openStore, type Store, type StoredCase } from "../loader/index.js";
import { type BatchPlan, type Crop, foregroundLower, resolveSpec, type Zyx } from "../plan/index.js";
import { type BatchRequest, type FetchedBatch, planRequest } from "./fetched-batch.js";

/** Cuts the batch from a store on this machine. */
export async function fetchFromStore(path: string, request: BatchRequest): Promise<FetchedBatch> {
  await using store = await openStore(path);
  const { name, digest, plan: networkPlan } = store.dataset;
  const cases = caseTable(store.dataset);
  const spec = resolveSpec(request.dataSpec, { name, digest, plan: networkPlan, cases });
  const plan = planRequest(spec, cases, request);
  await using engine = await openEngine(store);
  const lease = await engine.cut(spec, plan);
  const own = ({ offset, byteLength }: { offset: number; byteLength: number }) =>
    lease.bytes.slice(offset, offset + byteLength);
  const [image, label] = lease.tensors;
  const batch = {
    spec,
    plan,
    lowers: await readLowers(store, plan),
    image: { type: image.type, shape: image.shape, bytes: own(image) },
    label: { type: label.type, shape: label.shape, bytes: own(label) },
    checksum: lease.checksum,
  };
  lease.release();
  return batch;
}

/** First voxel (Z,Y,X) of each crop; each list of locations is read once. */
async function readLowers(store: Store, { crops, cropSize }: BatchPlan): Promise<Zyx[]> {
  const lists = new Map<string, Promise<Uint32Array>>();
  const readOnce = (caseId: string, classValue: number) => {
    const key = `${classValue} ${caseId}`;
    const list = lists.get(key) ?? store.readLocations(caseId, classValue);
    lists.set(key, list);
    return list;
  };
  const shapes = new Map(store.dataset.cases.map(({ id, shape }) => [id, shape]));
  const lowerOf = async (crop: Crop): Promise<Zyx> => {
    if (crop.kind === "random") return crop.lower;
    const [z, y, x] = (await readOnce(crop.case, crop.class)).subarray(3 * crop.location);
    const [, ...shape] = shapes.get(crop.case) as StoredCase["shape"];
    return foregroundLower([z as number, y as number, x as number], shape, cropSize);
  };
  return Promise.all(crops.map(lowerOf));
}
