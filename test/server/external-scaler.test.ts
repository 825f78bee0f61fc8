import { setTimeout as pause } from "node:timers/promises";
import { credentials, makeGenericClientConstructor, type ServiceError, status } from "@grpc/grpc-js";
import test, { type ExecutionContext } from "ava";
import protobuf from "protobufjs";
import { connect } from "../../client/connect.js";
import { PROTO_FOLDER } from "../../proto/proto-files.js";
import { dial, startServer } from "../conformance/served-store.js";
import { SMALL_RUN } from "../conformance/small-run.js";
import { start } from "../conformance/wire.js";

/** KEDA's contract, read by protobufjs as KEDA's own code reads it. */
const keda = protobuf.loadSync(`${PROTO_FOLDER}keda/externalscaler.proto`);

interface Metric {
  readonly metricName: string;
  readonly targetSize?: number;
  readonly targetSizeFloat?: number;
  readonly metricValue?: number;
  readonly metricValueFloat?: number;
}

/** A caller of the scaler as KEDA is one. */
function callScaler(t: ExecutionContext, address: string | undefined) {
  const Client = makeGenericClientConstructor({}, "externalscaler.ExternalScaler");
  const client = new Client(address ?? "", credentials.createInsecure());
  t.teardown(() => client.close());
  const { methods } = keda.lookupService("externalscaler.ExternalScaler");
  const codecs = (name: string) => {
    const method = methods[name];
    if (method === undefined) throw new RangeError(name);
    method.resolve();
    const { resolvedRequestType: request, resolvedResponseType: response } = method;
    return {
      path: `/externalscaler.ExternalScaler/${name}`,
      write: (message: object) => Buffer.from(request?.encode(request.fromObject(message)).finish() ?? []),
      read: (bytes: Buffer) => response?.toObject(response.decode(bytes), { longs: Number, defaults: true }) ?? {},
    };
  };
  return {
    ask<Answer>(name: string, message: object): Promise<Answer> {
      const { path, write, read } = codecs(name);
      return new Promise((resolve, reject) =>
        client.makeUnaryRequest(path, write, read, message, { deadline: Date.now() + 60_000 }, (error, answer) =>
          error ? reject(error) : resolve(answer as Answer),
        ),
      );
    },
    watch(name: string, message: object) {
      const { path, write, read } = codecs(name);
      const call = client.makeServerStreamRequest(path, write, read, message, { deadline: Date.now() + 60_000 });
      t.teardown(() => call.cancel());
      return call[Symbol.asyncIterator]() as AsyncIterator<{ result: boolean }>;
    },
  };
}

const REF = { name: "loaders", namespace: "lab", scalerMetadata: {} };
const ASKED = { scaledObjectRef: REF, metricName: "patchstream-servers" };

async function metricOf(scaler: ReturnType<typeof callScaler>): Promise<Metric | undefined> {
  return (await scaler.ask<{ metricValues: Metric[] }>("GetMetrics", ASKED)).metricValues[0];
}

test("the metric is the servers that all clients need, in thousandths, as they tell it", async (t) => {
  const server = await startServer(t, { scalerPort: 0, metricsPort: 0 });
  const scaler = callScaler(t, server.scalerAddress);
  const channel = dial(t, server);
  const streams = [await start(channel), await start(channel)];
  const answered = async (stream: (typeof streams)[number]) => {
    stream.cancel(0, 1); // what is answered was read, and so was what came before it
    await stream.expect("cancelled");
  };
  for (const stream of streams) {
    stream.send({ kind: "pace", pace: { stepUs: 10_000, waitedUs: 5_000, servedUs: 12_500 } });
    await answered(stream);
  }
  t.deepEqual(await metricOf(scaler), { metricName: "patchstream-servers", metricValue: 2500, metricValueFloat: 2500 });
  streams[0]?.send({ kind: "pace", pace: { stepUs: 25_000, waitedUs: 0, servedUs: 12_500 } });
  if (streams[0] !== undefined) await answered(streams[0]);
  t.is((await metricOf(scaler))?.metricValue, 1750);
  const page = await (await fetch(`http://${server.metricsAddress}/metrics`)).text();
  t.regex(page, /^patchstream_servers_needed 1\.75$/m);
});

test("what it should be per server is 850 thousandths, or what the trigger says; what makes no sense is refused", async (t) => {
  const server = await startServer(t, { scalerPort: 0 });
  const scaler = callScaler(t, server.scalerAddress);
  const target = async (scalerMetadata: object) =>
    (await scaler.ask<{ metricSpecs: Metric[] }>("GetMetricSpec", { ...REF, scalerMetadata })).metricSpecs[0];
  t.deepEqual(await target({}), { metricName: "patchstream-servers", targetSize: 850, targetSizeFloat: 850 });
  t.is((await target({ scalerAddress: "loaders:7072", utilization: "0.5" }))?.targetSize, 500);
  for (const utilization of ["0", "2", "much", "-1", "1e-1"]) {
    const error = await t.throwsAsync<ServiceError>(target({ utilization }));
    t.is(error?.code, status.INVALID_ARGUMENT);
    t.regex(error?.details ?? "", /utilization .* must be a number from 0\.05 to 1/);
  }
  const other = scaler.ask("GetMetrics", { ...ASKED, metricName: "cpu" });
  t.is((await t.throwsAsync<ServiceError>(other))?.code, status.INVALID_ARGUMENT);
});

test("a server that its clients may not have found yet says so, which is no reason to scale down", async (t) => {
  const server = await startServer(t, { scalerPort: 0 });
  const error = await t.throwsAsync<ServiceError>(metricOf(callScaler(t, server.scalerAddress)));
  t.is(error?.code, status.UNAVAILABLE);
});

test("the deployment is active while there are streams, and KEDA is told when that changes", async (t) => {
  const server = await startServer(t, { scalerPort: 0 });
  const scaler = callScaler(t, server.scalerAddress);
  const active = scaler.watch("StreamIsActive", REF);
  t.is((await active.next()).value.result, false);
  t.is((await scaler.ask<{ result: boolean }>("IsActive", REF)).result, false);
  const stream = await start(dial(t, server));
  t.is((await active.next()).value.result, true);
  t.is((await scaler.ask<{ result: boolean }>("IsActive", REF)).result, true);
  stream.call.end();
  t.is((await active.next()).value.result, false);
});

test("a client tells its pace to every server, so that each knows what is needed of all", async (t) => {
  const servers = [await startServer(t, { scalerPort: 0 }), await startServer(t, { scalerPort: 0 })];
  const client = connect(servers.map(({ address }) => address));
  t.teardown(() => client[Symbol.asyncDispose]());
  const plan = { patchSize: [8, 8, 8], batchSize: 2, pooling: [1, 1, 1] } as const;
  const { dataset, split } = SMALL_RUN;
  const run = await client.openRun({ dataset, split, plan, mode: "constant" }); // longer than a pace takes to be told
  const scalers = servers.map(({ scalerAddress }) => callScaler(t, scalerAddress));
  const needed = (scaler: (typeof scalers)[number]) =>
    metricOf(scaler).then(
      (metric) => metric?.metricValue ?? 0,
      () => 0,
    );
  let told: readonly number[] = [];
  const beganMs = performance.now();
  for await (const { step } of run.batches()) {
    await pause(10); // a training's step
    if (step % 8 === 0) told = await Promise.all(scalers.map(needed));
    if ((told.length === 2 && told.every((value) => value > 0)) || performance.now() - beganMs > 60_000) break;
  }
  t.true(
    told.every((value) => value > 0),
    `${told}`,
  );
});
