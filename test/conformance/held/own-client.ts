import { createHash } from "node:crypto";
import { connect } from "../../../client/connect.js";
import type { Batch, ImageTensor, LabelTensor, Run } from "../../../client/types.js";
import type { HeldBatch, HeldClient, HeldOptions, HeldRunOptions, HeldTensor } from "./held-client.js";

/** Our client, in this process. */
export function ownClient(addresses: readonly string[], options: HeldOptions): HeldClient {
  const client = connect(addresses, options);
  return {
    async describeDataset() {
      const { digest, cases } = await client.describeDataset();
      return { digest, cases: cases.map(({ id }) => id) };
    },
    async describeRun(spec) {
      const { digest, train } = await client.describeRun(bytesOf(spec));
      return { digest, steps: train.steps, stages: train.stages.length };
    },
    async openRun(spec, options = {}) {
      const { from = 0, to, decisions = [], ...share } = options;
      const run = await client.openRun(bytesOf(spec), share);
      return {
        batches: () => batchesOf(run, { from, decisions, ...(to !== undefined && { to }) }),
        firstUnwanted: async () => run.firstUnwanted,
        changeStage: (proposal) => run.changeStage(proposal),
      };
    },
    getBatch: async (spec, address) => heldBatch(await client.getBatch(bytesOf(spec), address)),
    readImage: async (caseId) => sha256(await client.readImage(caseId)),
    readLabel: async (caseId) => sha256(await client.readLabel(caseId)),
    readLocations: async (caseId, classValue) => (await client.readLocations(caseId, classValue)).length / 3,
    preview: async (spec, { step }) => sha256((await client.preview(bytesOf(spec), { step })).png),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

async function* batchesOf(
  run: Run,
  range: Pick<HeldRunOptions, "from" | "decisions"> & { to?: number },
): AsyncIterableIterator<HeldBatch> {
  for await (const batch of run.batches(range)) yield heldBatch(batch);
}

function heldBatch(batch: Batch): HeldBatch {
  const { step, stage, globalBatch, patchSize, image, label, deepLabels, samples, checksum, carrier } = batch;
  return {
    ...{ step, stage, globalBatch, patchSize, samples, checksum, carrier },
    image: heldTensor(image),
    label: heldTensor(label),
    deepLabels: deepLabels.map(heldTensor),
  };
}

function heldTensor({ type, shape, bytes }: ImageTensor | LabelTensor): HeldTensor {
  return { type, shape, sha256: sha256(bytes) };
}

function sha256(values: NodeJS.ArrayBufferView): string {
  return createHash("sha256").update(values).digest("hex");
}

function bytesOf(spec: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(spec));
}
