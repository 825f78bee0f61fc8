import { execFile } from "node:child_process";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { describedFiles } from "../../proto/descriptors.js";
import { PACKAGE } from "../../proto/proto-files.js";
import { temporaryFolder, trainerIn } from "../trainer/processes.js";
import { pem } from "./carrier.js";
import { oneServer, startServer } from "./served-store.js";
import { SMALL_RUN } from "./small-run.js";

const folder = process.env.PATCHSTREAM_GRPC_TOOLS;
const server = oneServer(test);

/** What a tool printed, and its exit code. */
interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Runs grpcurl or grpc-health-probe. */
function run(tool: "grpcurl" | "grpc-health-probe", ...args: string[]): Promise<Ran> {
  return new Promise((resolve, reject) =>
    execFile(join(folder ?? "", tool), args, { timeout: 60_000, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === "number") resolve({ code, out: stdout + stderr });
      else reject(error);
    }),
  );
}

/** Runs grpcurl; what it printed, where it succeeded. */
async function grpcurl(...args: string[]): Promise<string> {
  const { code, out } = await run("grpcurl", ...args);
  if (code !== 0) throw new Error(`grpcurl ${args.join(" ")}: ${out}`);
  return out;
}

/** A test with grpcurl, which is there where `npm run test:grpcurl` has built it. */
function testWithTools(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  test(title, async (t) => {
    if (folder !== undefined) return body(t);
    t.log("SKIPPED: needs grpcurl, which needs Go; `npm run test:grpcurl` builds and runs it");
    t.pass();
  });
}

const STANDARD_SERVICES = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

testWithTools("grpcurl lists a data server's services and describes every service, message and enum", async (t) => {
  const { address } = await server();
  const listed = (await grpcurl("-plaintext", address, "list")).trim().split("\n");
  t.deepEqual(listed, [...STANDARD_SERVICES, `${PACKAGE}.DataService`]);
  t.true((await grpcurl("-plaintext", address, "describe")).includes("rpc ReadLocations"));
  for (const service of listed) t.true((await grpcurl("-plaintext", address, "describe", service)).includes("service"));
  const symbols = describedFiles().flatMap((file) => file.symbols);
  const declared = symbols.filter((symbol) => symbol.startsWith(PACKAGE) && symbol.split(".").length === 3);
  t.true(declared.length > 50);
  for (const symbol of declared)
    t.regex(
      await grpcurl("-plaintext", address, "describe", symbol),
      / is an? (service|message|enum|enum value):/,
      symbol,
    );
  const answer = await grpcurl("-plaintext", address, "describe", `${PACKAGE}.DescribeDatasetResponse`);
  t.true(answer.includes("// Label name to value, background included"));
  t.true(answer.includes("map<string, int32> labels = 4;"));
});

testWithTools("grpcurl calls a data server without arguments, with arguments, and streams", async (t) => {
  const { address } = await server();
  const dataset = JSON.parse(await grpcurl("-plaintext", address, `${PACKAGE}.DataService/DescribeDataset`));
  t.is(dataset.name, SMALL_RUN.dataset);
  t.is(dataset.labels.background, 0);
  const call = (method: string, request: object) =>
    grpcurl("-plaintext", "-d", JSON.stringify(request), address, `${PACKAGE}.DataService/${method}`);
  const asked = { case: dataset.cases[0].id, class: dataset.classes[0], k: [0] };
  t.is(JSON.parse(await call("ReadLocations", asked)).zyx.length, 3);
  const spec = Buffer.from(JSON.stringify(SMALL_RUN)).toString("base64");
  const described = JSON.parse(await call("DescribeRun", { spec }));
  const want = { spec: described.spec, timeline: "TIMELINE_TRAIN", step: 0, ranks: 1 };
  t.true((await call("GetBatch", want)).includes('"batchEnd"'));
  const start = { ...want, step: undefined };
  const messages = [{ start }, { want: { count: 1 } }, { stop: {} }]
    .map((message) => JSON.stringify(message))
    .join(" ");
  const streamed = await grpcurl("-plaintext", "-d", messages, address, `${PACKAGE}.DataService/Stream`);
  t.true(streamed.includes('"started"') && streamed.includes('"batchEnd"'));
  const wrong = JSON.stringify({ case: "nobody", class: 1 });
  const refused = await run("grpcurl", "-plaintext", "-d", wrong, address, `${PACKAGE}.DataService/ReadLocations`);
  t.not(refused.code, 0);
  t.true(refused.out.includes("NotFound") && refused.out.includes(`${PACKAGE}.Failure`), refused.out);
});

testWithTools("grpcurl and grpc-health-probe ask for a server's health", async (t) => {
  const { address } = await server();
  for (const service of ["", `${PACKAGE}.DataService`]) {
    const request = JSON.stringify({ service });
    const health = await grpcurl("-plaintext", "-d", request, address, "grpc.health.v1.Health/Check");
    t.is(JSON.parse(health).status, "SERVING");
    const probed = await run("grpc-health-probe", "-addr", address, "-service", service);
    t.is(probed.code, 0, probed.out);
  }
  t.not((await run("grpc-health-probe", "-addr", address, "-service", "another")).code, 0);
});

testWithTools("with TLS and a token, grpcurl calls with -cacert and -H; without the token it is refused", async (t) => {
  const tls = { cert: pem("server.pem"), key: pem("server.key") };
  const { address } = await startServer(t, { tls, token: "let me in" });
  const trust = ["-cacert", pem("authority.pem")];
  t.true((await grpcurl(...trust, address, "list")).includes("DataService"));
  const method = `${PACKAGE}.DataService/DescribeDataset`;
  const answer = await grpcurl(...trust, "-H", "authorization: Bearer let me in", address, method);
  t.is(JSON.parse(answer).name, SMALL_RUN.dataset);
  for (const header of [[], ["-H", "authorization: Bearer let me out"]]) {
    const refused = await run("grpcurl", ...trust, ...header, address, method);
    t.true(refused.code !== 0 && refused.out.includes("Unauthenticated"), refused.out);
  }
  const probe = ["-addr", address, "-tls", "-tls-ca-cert", pem("authority.pem")];
  t.is((await run("grpc-health-probe", ...probe)).code, 0);
});

testWithTools("grpcurl lists, describes and calls a trainer", async (t) => {
  const { address } = await trainerIn(t, temporaryFolder(t));
  const listed = (await grpcurl("-plaintext", address, "list")).trim().split("\n");
  t.deepEqual(listed, [...STANDARD_SERVICES, `${PACKAGE}.TrainerService`]);
  t.true((await grpcurl("-plaintext", address, "describe")).includes("rpc ListTrainings"));
  t.deepEqual(JSON.parse(await grpcurl("-plaintext", address, `${PACKAGE}.TrainerService/ListTrainings`)), {});
  const request = JSON.stringify({ training: "nobody" });
  const refused = await run("grpcurl", "-plaintext", "-d", request, address, `${PACKAGE}.TrainerService/StopTraining`);
  t.true(refused.code !== 0 && refused.out.includes("NotFound"), refused.out);
  t.is((await run("grpc-health-probe", "-addr", address, "-service", `${PACKAGE}.TrainerService`)).code, 0);
});
