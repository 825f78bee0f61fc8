/** `node dist/benchmarks/how-fast-is-the-python-client/run.js`: grpcio and our Python client on the same bytes, in turn. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "../../client/index.js";
import { type ServerProcess, startServer } from "../child.js";
import { makeCtStore } from "../ct-volumes.js";
import { figures, ratios } from "../figures.js";
import { machine } from "../machine.js";
import { processorSeconds } from "../processor-time.js";

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const BYTES = 512 * 2 ** 20;
const UNTIMED_BYTES = 96 * 2 ** 20;
/** Of the CT-sized run: small, middle and full patches. */
const STAGES = (process.env.STAGES ?? "0,4,9").split(",").map(Number);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const python = process.env.PYTHON ?? join(root, "client/python/.venv/bin/python");

const MODES = ["bare", "discard", "grpc", "lane"] as const;
type Mode = (typeof MODES)[number];

interface Measured {
  readonly bytesPerSecond: number;
  /** Processor seconds a GB. */
  readonly server: number;
  readonly client: number;
}

/** A Python process that receives. */
class Receiver {
  readonly #server: ServerProcess;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(mode: Mode, server: ServerProcess, data: object) {
    this.#server = server;
    const script = join(root, "benchmarks/how-fast-is-the-python-client/receive.py");
    const env = { ...process.env, PYTHONPATH: join(root, "client/python/src") };
    const args = [script, mode, server.address, JSON.stringify(data)];
    const child = spawn(python, args, { stdio: ["pipe", "pipe", "inherit"], env });
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  async receive(bytes: number, job: object): Promise<Measured> {
    const ids = [this.#server.process.pid as number, this.#child.pid as number];
    const [server = 0, client = 0] = await Promise.all(ids.map(processorSeconds));
    this.#child.stdin?.write(`${JSON.stringify(job)}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error("a receiver ended");
    const [serverNow = 0, clientNow = 0] = await Promise.all(ids.map(processorSeconds));
    const gigabytes = bytes / 1e9;
    return {
      bytesPerSecond: Number(answer.value),
      server: (serverNow - server) / gigabytes,
      client: (clientNow - client) / gigabytes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.stdin?.end();
    await exited;
  }
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const ct = await makeCtStore(folder);
  const data = {
    dataset: "CtSized",
    plan: ct.plan,
    mode: "performance",
    augmentation: "none",
    split: { train: ["case_0", "case_1", "case_2"], val: ["case_3"] },
  } as const;
  await using server = await startServer(join(root, "dist/cli/main.js"), [
    "serve",
    ct.path,
    "--workers",
    "2",
    "--json",
  ]);
  const bareScript = new URL("../how-fast-is-the-wire/bare-server.js", import.meta.url);
  await using bareServer = await startServer(fileURLToPath(bareScript));
  await using client = connect(server.address);
  const { spec, train } = await client.describeRun(data);
  await using bare = new Receiver("bare", bareServer, {});
  await using discard = new Receiver("discard", server, data);
  await using grpc = new Receiver("grpc", server, data);
  await using lane = new Receiver("lane", server, data);
  const receivers = { bare, discard, grpc, lane };
  const rows: string[] = [];
  for (const stage of STAGES) {
    const bytes = train.stages[stage]?.shares[0]?.byteLength as number;
    const steps = Math.ceil(BYTES / bytes);
    const all: Record<Mode, Measured[]> = { bare: [], discard: [], grpc: [], lane: [] };
    for (let round = -1; round < ROUNDS; round++)
      for (const mode of MODES) {
        const job =
          mode === "bare"
            ? { totalBytes: steps * bytes, untimedBytes: UNTIMED_BYTES }
            : { stage, steps, untimedBytes: UNTIMED_BYTES };
        const measured = await receivers[mode].receive(steps * bytes, job);
        if (round >= 0) all[mode].push(measured);
      }
    const speed = (mode: Mode) => all[mode].map(({ bytesPerSecond }) => bytesPerSecond);
    const times = (ours: Mode, theirs: Mode) => {
      const { median, p5, p95 } = ratios(speed(ours), speed(theirs));
      return `${median.toFixed(2)} (${p5.toFixed(2)} to ${p95.toFixed(2)})`;
    };
    const cells = MODES.flatMap((mode) => {
      const cost = (end: "server" | "client") => figures(all[mode].map((one) => one[end])).median.toFixed(2);
      return [(figures(speed(mode)).median / 1e6).toFixed(0), `${cost("server")} + ${cost("client")}`];
    });
    const patch = spec.stages[stage]?.patchSize.join("x");
    rows.push(
      `| ${[stage, patch, (bytes / 2 ** 20).toFixed(1), ...cells, times("lane", "bare"), times("grpc", "discard")].join(" | ")} |`,
    );
    process.stderr.write(`${rows.at(-1)}\n`);
  }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const head = [
    "| stage | patch | MiB | bare grpcio MB/s | s/GB | grpcio on our Stream MB/s | s/GB | gRPC MB/s | s/GB | lane MB/s | s/GB | lane / bare | gRPC / grpcio on our Stream |",
    `|${"---|".repeat(13)}`,
  ];
  process.stdout.write(
    `${ROUNDS} rounds after one to warm up: ${about.join("; ")}.\n\n${[...head, ...rows].join("\n")}\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
