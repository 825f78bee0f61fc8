import { openStore, verifyStore } from "../../loader/index.js";

/** Opens the store in a folder and checks all of it. Throws STORE_DAMAGED. */
export async function verifyFolder(folder: string): Promise<void> {
  await using store = await openStore(folder);
  await verifyStore(store);
}
