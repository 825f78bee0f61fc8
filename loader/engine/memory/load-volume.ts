import { locationClasses } from "../../../plan/label-set.js";
import { voxelCount } from "../../../plan/zyx.js";
import type { StoredCase } from "../../dataset/dataset.js";
import { inLanes } from "../../dataset/lanes.js";
import type { Store } from "../../dataset/store.js";
import type { Kernels } from "../../kernels/kernels.js";
import type { VolumeViews } from "./volume-layout.js";

/** Arrays that are read at once: a remote store takes long for each, however small it is. */
const ARRAYS_AT_ONCE = 6;

/**
 * Reads a case from the store into its place in an arena: image, label and every class's locations. Where one fails, the others have
 * ended too: nothing writes there any more.
 */
export async function loadVolume(
  store: Store,
  { id }: StoredCase,
  volume: VolumeViews,
  kernels: Kernels,
): Promise<void> {
  const reads = [
    () => store.readImage(id, undefined, volume.image.values),
    () => readLabel(store, id, volume.label, kernels),
    ...locationClasses(store.dataset).map((classValue, index) => {
      return () => store.readLocations(id, classValue, undefined, volume.locations[index]);
    }),
  ];
  await inLanes(reads, ARRAYS_AT_ONCE, (read) => read());
}

async function readLabel(store: Store, id: string, { values, shape }: VolumeViews["label"], kernels: Kernels) {
  if (values instanceof Int16Array) {
    await store.readLabel(id, undefined, values);
    return;
  }
  const [, ...size] = shape;
  await store.readLabel(id, undefined, new Int8Array(values.buffer, values.byteOffset, voxelCount(size)));
  kernels.markLabel({ values, size });
}
