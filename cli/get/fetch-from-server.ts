import { type ConnectOptions, connect } from "../../client/index.js";
import { caseTable } from "../../plan/index.js";
import { type FetchedBatch, planRequest, type RequestedBatch } from "./fetched-batch.js";
import type { Volumes } from "./volumes.js";

/** Asks a data server for the batch, and gives it to `use` while the connection is open; `addresses` are its replicas, `host:port` each. */
export async function fetchFromServer<Result>(
  addresses: readonly string[],
  options: ConnectOptions,
  request: RequestedBatch,
  use: (batch: FetchedBatch, volumes: Volumes) => Result | Promise<Result>,
): Promise<Result> {
  await using client = connect(addresses, options);
  const dataset = await client.describeDataset();
  const { spec, specBytes } = await client.describeRun(new TextEncoder().encode(JSON.stringify(request.dataSpec)));
  const cases = caseTable(dataset);
  const plan = planRequest(spec, cases, request);
  const { image, label, deepLabels, samples, checksum } = await client.getBatch(specBytes, plan);
  return await use(
    { spec, plan, samples, image, label, deepLabels, checksum },
    {
      dataset,
      readImage: (caseId, region) => client.readImage(caseId, { region }),
      readLabel: (caseId, region) => client.readLabel(caseId, { region }),
    },
  );
}
