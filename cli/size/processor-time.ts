import { PatchstreamError } from "../../plan/index.js";

const METRIC = "process_cpu_seconds_total";

/** Milliseconds of processor time that the service with metrics at `address` (host:port) has taken. Throws UNAVAILABLE where it does not say. */
export async function readProcessorMs(address: string): Promise<number> {
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const [, seconds] = new RegExp(`^${METRIC} ([\\d.e+-]+)$`, "m").exec(text) ?? [];
  if (seconds === undefined)
    throw new PatchstreamError(
      { code: "UNAVAILABLE", address, reason: `no metric ${METRIC}` },
      "Leave out --store: then what a batch costs is stated, not measured.",
    );
  return 1e3 * Number(seconds);
}
