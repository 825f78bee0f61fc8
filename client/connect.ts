import { checkRank } from "../plan/batch/share.js";
import { PatchstreamError } from "../plan/errors.js";
import type { DataSpecInput } from "../plan/run-spec/data-spec.js";
import { checkChannel } from "../rpc/client/channel.js";
import { StreamedRun, toBatch } from "./run.js";
import { Transport } from "./transport/transport.js";
import type { BatchAddress, ConnectOptions, DataClient } from "./types.js";

const DEFAULT_DEADLINE_MS = 60_000;
const DEFAULT_CREDIT_BATCHES = 8;
const DEFAULT_CREDIT_BYTES = 256 << 20;

function specBytes(spec: DataSpecInput | Uint8Array): Uint8Array {
  return spec instanceof Uint8Array ? spec : new TextEncoder().encode(JSON.stringify(spec));
}

function batchRequest<Address extends BatchAddress>(spec: DataSpecInput | Uint8Array, address: Address) {
  return { timeline: "train" as const, rank: 0, ranks: 1, ...address, spec: specBytes(spec) };
}

/**
 * Connects to the replicas of one data set (`host:port` each). Lazy: the first call finds out who is there, and fails within two
 * seconds (`waitMs` later) when nobody can be reached. Every wait ends by `deadlineMs` with a PatchstreamError that names what was
 * waited for. Throws for PEM files that cannot be read, and for a token that would leave this machine without TLS.
 */
export function connect(addresses: string | readonly string[], options: ConnectOptions = {}): DataClient {
  const list = typeof addresses === "string" ? [addresses] : [...addresses];
  if (list.length === 0 || list.some((address) => address === ""))
    throw new PatchstreamError({ code: "SPEC_INVALID", field: "addresses", got: list, want: "one host:port or more" });
  const { deadlineMs = Math.max(DEFAULT_DEADLINE_MS, options.waitMs ?? 0), carrier = "auto", ...channel } = options;
  for (const address of list) checkChannel(address, channel);
  const transport = new Transport({ addresses: list, channel, deadlineMs, carrier });
  const describeRun: DataClient["describeRun"] = (spec, { ranks = 1, signal } = {}) =>
    transport.call("describeRun", { spec: specBytes(spec), ranks }, signal);
  const readCase = async (
    caseId: string,
    volume: "image" | "label" | "reference",
    { region, signal }: Parameters<DataClient["readImage"]>[1] = {},
  ) => transport.call("readCase", { caseId, volume, ...(region && { region }) }, signal);

  return {
    addresses: list,
    fleet: ({ signal } = {}) => transport.call("fleet", {}, signal),
    describeDataset: ({ signal } = {}) => transport.call("describeDataset", {}, signal),
    describeRun,
    async openRun(spec, { signal, ...share } = {}) {
      const { ranks = 1 } = share;
      const info = await describeRun(spec, { ranks, ...(signal && { signal }) });
      checkRank(info.spec, { rank: share.rank ?? 0, ranks });
      return new StreamedRun(transport, info, {
        timeline: "train",
        rank: 0,
        ranks: 1,
        ...share,
        creditBatches: Math.min(share.creditBatches ?? DEFAULT_CREDIT_BATCHES, info.limits.maxOutstandingSteps),
        creditBytes: Math.min(share.creditBytes ?? DEFAULT_CREDIT_BYTES, info.limits.maxOutstandingBytes),
        signal,
      });
    },
    async getBatch(spec, address, { signal } = {}) {
      const askedMs = performance.now();
      const request = batchRequest(spec, address);
      const received = await transport.call("getBatch", request, signal);
      return toBatch(received, request.timeline, performance.now() - askedMs);
    },
    readImage: async (caseId, wait) => new Float32Array(await readCase(caseId, "image", wait)),
    readLabel: async (caseId, wait) => new Int16Array(await readCase(caseId, "label", wait)),
    readReference: async (caseId, wait) => new Int16Array(await readCase(caseId, "reference", wait)),
    readLocations: (caseId, classValue, { k = [], signal } = {}) =>
      transport.call("readLocations", { caseId, classValue, k }, signal),
    preview: (spec, address, { signal } = {}) => transport.call("preview", batchRequest(spec, address), signal),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
