import { type ConnectOptions, connect } from "../../client/index.js";
import { caseTable } from "../../plan/index.js";
import { type FetchedBatch, planRequest, type RequestedBatch } from "./fetched-batch.js";

/** Asks a data server for the batch; `addresses` are its replicas, `host:port` each. */
export async function fetchFromServer(
  addresses: readonly string[],
  options: ConnectOptions,
  request: RequestedBatch,
): Promise<FetchedBatch> {
  await using client = connect(addresses, options);
  const dataset = await client.describeDataset();
  const { spec, specBytes } = await client.describeRun(new TextEncoder().encode(JSON.stringify(request.dataSpec)));
  const cases = caseTable(dataset);
  const plan = planRequest(spec, cases, request);
  const { image, label, deepLabels, samples, checksum } = await client.getBatch(specBytes, plan);
  return { spec, plan, samples, image, label, deepLabels, checksum };
}
