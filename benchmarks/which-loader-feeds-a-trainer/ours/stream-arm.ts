/** Our data server in a process of its own, and our client: batches over a lane, checked (CRC-32) and in order. */
import { connect } from "../../../client/index.js";
import { startServer } from "../../child.js";
import type { Job } from "../job.js";
import { answerRequests, type LoadedBatch } from "./answer.js";

const cli = new URL("../../../cli/main.js", import.meta.url).pathname;

async function* openLoader({ store, data, stage, workers }: Job): AsyncGenerator<LoadedBatch> {
  await using server = await startServer(cli, ["serve", store, "--workers", String(Math.max(1, workers)), "--json"]);
  await using client = connect(server.address, { carrier: "lane" });
  await using run = await client.openRun(data);
  const decisions = [{ stage, fromStep: 0, reason: "benchmark", hold: true }];
  for await (using batch of run.batches({ decisions }))
    yield { imageShape: batch.image.shape, label: batch.label.bytes };
}

await answerRequests(openLoader);
