/** The limit of our stream: as many bytes as a batch has, in messages of 1 MiB, from a bare grpc-js server process. */
import { startServer } from "../../child.js";
import { openBareStream } from "../../how-fast-is-the-wire/bare-stream.js";
import type { Job } from "../job.js";
import { answerRequests, type LoadedBatch } from "./answer.js";
import { inBatches } from "./in-batches.js";

const MESSAGE_BYTES = 2 ** 20;
const script = new URL("../../how-fast-is-the-wire/bare-server.js", import.meta.url).pathname;

async function* openLoader(job: Job): AsyncGenerator<LoadedBatch> {
  await using server = await startServer(script);
  using stream = openBareStream(server.address, Number.MAX_SAFE_INTEGER, MESSAGE_BYTES);
  yield* inBatches(stream.messages, job);
}

await answerRequests(openLoader);
