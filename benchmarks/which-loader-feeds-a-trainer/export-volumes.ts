import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openStore } from "../../loader/index.js";

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Writes the volumes of a store as `peers/volumes.py` reads them: raw little-endian values in C order. */
export async function exportVolumes(storePath: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await using store = await openStore(storePath);
  const { classes, labels, cases } = store.dataset;
  for (const { id } of cases) {
    await writeFile(join(folder, `${id}.image`), bytesOf(await store.readImage(id)));
    await writeFile(join(folder, `${id}.label`), bytesOf(await store.readLabel(id)));
    for (const value of classes)
      await writeFile(join(folder, `${id}.locations.${value}`), bytesOf(await store.readLocations(id, value)));
  }
  const described = { labels, cases: cases.map(({ id, shape }) => ({ id, shape, classes })) };
  await writeFile(join(folder, "volumes.json"), JSON.stringify(described));
}
