import { setTimeout as pause } from "node:timers/promises";
import type { DataClient, FleetStanding } from "../../client/index.js";

/** Looks until what is seen is as it should be; the test's own deadline ends it. */
export async function seen(client: DataClient, isSo: (fleet: FleetStanding) => boolean): Promise<FleetStanding> {
  for (;;) {
    const fleet = await client.fleet();
    if (isSo(fleet)) return fleet;
    await pause(20);
  }
}

export const replicaOf = ({ replicas }: FleetStanding, address: string) =>
  replicas.find((one) => one.address === address);
