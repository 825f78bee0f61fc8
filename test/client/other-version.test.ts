import { Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { setChecksum } from "../../rpc/checksum.js";
import { callUnary } from "../../rpc/client/call.js";
import { dial, oneServer } from "../conformance/served-store.js";
import { SMALL_RUN } from "../conformance/small-run.js";
import { startPeer } from "./peer.js";

const honest = oneServer(test);

/** What both calls of a client fail with that describe what a server has. */
async function failures(t: ExecutionContext, address: string): Promise<PatchstreamError[]> {
  await using client = connect(address);
  const dataset = await t.throwsAsync<PatchstreamError>(client.describeDataset());
  const run = await t.throwsAsync<PatchstreamError>(client.openRun(SMALL_RUN));
  return [dataset, run].filter((error) => error !== undefined);
}

test("a server whose answers lack what this version's have is told to be of another version", async (t) => {
  const channel = dial(t, await honest());
  const address = await startPeer(t, channel, {
    describeDataset: async (request) => ({
      ...(await callUnary(channel, "DataService", "describeDataset", request)),
      caseCount: 0,
    }),
    describeRun: async (request) => ({
      ...(await callUnary(channel, "DataService", "describeRun", request)),
      receivedSha256: new Uint8Array(),
    }),
  });
  for (const error of await failures(t, address)) {
    t.is(error.code, "INTERNAL");
    t.is(error.hint, "Use the same version of patchstream at both ends.");
  }
});

test("an answer that came as it was sent and cannot be read is no damage", async (t) => {
  const answer = Buffer.from([0x0f, 0xff]); // no wire type has the number 7
  const server = new Server();
  const method = (path: string) => ({
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  });
  const names = ["DescribeDataset", "DescribeRun"];
  server.addService(
    Object.fromEntries(names.map((name) => [name, method(`/patchstream.v1.DataService/${name}`)])),
    Object.fromEntries(
      names.map((name) => [
        name,
        (_: unknown, done: (error: null, answer: Buffer, trailers: Metadata) => void) => {
          const trailers = new Metadata();
          setChecksum(trailers, answer);
          done(null, answer, trailers);
        },
      ]),
    ),
  );
  t.teardown(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  for (const error of await failures(t, `127.0.0.1:${port}`)) {
    t.regex(
      error.message,
      /^the answer of describe(Dataset|Run): it came whole and cannot be read\. Use the same version/,
    );
  }
});
