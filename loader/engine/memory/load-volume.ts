import { locationClasses } from "../../../plan/label-set.js";
import type { StoredCase } from "../../dataset/dataset.js";
import type { Store } from "../../dataset/store.js";
import type { VolumeViews } from "./volume-layout.js";

/** Reads a case from the store into its place in an arena: image, label and every class's locations. */
export async function loadVolume(store: Store, { id }: StoredCase, volume: VolumeViews): Promise<void> {
  await store.readImage(id, undefined, volume.image.values);
  await store.readLabel(id, undefined, volume.label.values);
  for (const [index, classValue] of locationClasses(store.dataset).entries()) {
    await store.readLocations(id, classValue, undefined, volume.locations[index]);
  }
}
