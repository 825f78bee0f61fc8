/** The limit of any stream: as many bytes as a batch has, from another process over a TCP socket. */
import { connect } from "node:net";
import { startServer } from "../../child.js";
import type { Job } from "../job.js";
import { answerRequests, type LoadedBatch } from "./answer.js";
import { inBatches } from "./in-batches.js";

const script = new URL("./tcp-server.js", import.meta.url).pathname;

async function* openLoader(job: Job): AsyncGenerator<LoadedBatch> {
  await using server = await startServer(script);
  const [host, port] = server.address.split(":");
  const socket = connect({ host: host as string, port: Number(port) });
  try {
    yield* inBatches(socket, job);
  } finally {
    socket.destroy();
  }
}

await answerRequests(openLoader);
