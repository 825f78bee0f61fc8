import type { Zyx } from "../../plan/zyx.js";
import type { Region, Store, StoredCase } from "../dataset/store.js";
import type { VolumeViews } from "./volume-layout.js";

/** Planes (Z) read at a time: whole chunks of the store, and little memory outside of the arena. */
const SLAB_PLANES = 64;

/** Reads a case from the store into its place in an arena: image, label and every class's locations. */
export async function loadVolume(store: Store, entry: StoredCase, volume: VolumeViews): Promise<void> {
  const [channels, depth, height, width] = entry.shape;
  const plane = height * width;
  for (const { start, end } of slabs([depth, height, width])) {
    const image = await store.readImage(entry.id, { start, end });
    const voxels = (end[0] - start[0]) * plane;
    for (let c = 0; c < channels; c++) {
      volume.image.values.set(image.subarray(c * voxels, (c + 1) * voxels), (c * depth + start[0]) * plane);
    }
    volume.label.values.set(await store.readLabel(entry.id, { start, end }), start[0] * plane);
  }
  for (const [index, classValue] of store.dataset.classes.entries()) {
    volume.locations[index]?.set(await store.readLocations(entry.id, classValue));
  }
}

function* slabs([depth, height, width]: Zyx): Generator<Region> {
  for (let z = 0; z < depth; z += SLAB_PLANES) {
    yield { start: [z, 0, 0], end: [Math.min(depth, z + SLAB_PLANES), height, width] };
  }
}
