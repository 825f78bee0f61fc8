import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import type { DataSpecInput } from "../../client/index.js";
import { openEngine } from "../../loader/index.js";
import { caseTable, planBatch, resolveSpec } from "../../plan/index.js";
import { type ServerProcess, startServer } from "../child.js";
import { type Figures, figures } from "../figures.js";
import { type Receiver, startReceiver } from "../how-fast-is-the-wire/receiver.js";
import { processorSeconds } from "../processor-time.js";
import type { TrainerClient, TrainerJob } from "./trainer.js";

/** Processors that the server has, and as many workers. */
export const SERVER_PROCESSORS = 2;
/** Batches that the engine cuts at once where it is measured alone, as for a stream. */
const CUTTING_AHEAD = 2;
/** Enough that every volume has been read. */
const WARM_UP_STEPS = 16;

const cli = new URL("../../cli/main.js", import.meta.url).pathname;

/** One server for trainers of one stage. */
export interface CrowdOptions {
  readonly store: string;
  readonly data: DataSpecInput;
  readonly stage: number;
  readonly steps: number;
  readonly stepMs: number;
  readonly rounds: number;
}

/** "one": all trainers have one run digest, as several seeds of a network have. "own": each has a seed of the data of its own. */
export type Order = "one" | "own";

/** Who trains at once. */
export interface Crowd {
  readonly trainers: number;
  readonly order: Order;
  readonly client: TrainerClient;
}

export interface CrowdFigures extends Crowd {
  /** Accelerator utilisation of each trainer, 0 to 1. */
  readonly utilisation: readonly Figures[];
  /** Processor seconds that a step of all trainers takes the server, and each trainer. */
  readonly serverSeconds: Figures;
  readonly trainerSeconds: Figures;
  /** Processors in use: of the server, and of all trainers. */
  readonly serverProcessors: number;
  readonly trainerProcessors: number;
  /** Batches cut / batches sent. */
  readonly cutShare: Figures;
}

/** Whether the trainers have other processors than the server's. */
export const hasProcessorsForTrainers = availableParallelism() > SERVER_PROCESSORS;

/** Binds a process and its threads to processors. */
function bind(id: number | undefined, processors: string): void {
  if (hasProcessorsForTrainers) execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", processors, String(id)]);
}

async function readCounters(metrics: string | undefined): Promise<{ readonly cut: number; readonly sent: number }> {
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^patchstream_${name}(?:\\{[^}]*\\})? (\\d+)$`, "gm"))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return { cut: sum("engine_batches_cut_total"), sent: sum("batches_sent_total") };
}

/** A new server feeds all trainers of a crowd at once, each a process of its own. */
export async function measureCrowd(options: CrowdOptions, who: Crowd): Promise<CrowdFigures> {
  const flags = ["--workers", String(SERVER_PROCESSORS), "--metrics-port", "0", "--json", "--log-level", "warn"];
  await using server = await startServer(cli, ["serve", options.store, ...flags]);
  bind(server.process.pid, `0-${SERVER_PROCESSORS - 1}`);
  const script = "../how-many-trainers-does-one-server-feed/trainer.js";
  const crowd = Array.from({ length: who.trainers }, () => {
    const trainer = startReceiver<TrainerJob>(script, [server.address, who.client]);
    bind(trainer.process.pid, `${SERVER_PROCESSORS}-${availableParallelism() - 1}`);
    return trainer;
  });
  try {
    return await measureRounds(options, who, server, crowd);
  } finally {
    await Promise.all(crowd.map((trainer) => trainer[Symbol.asyncDispose]()));
  }
}

async function measureRounds(
  { data, stage, steps, stepMs, rounds }: CrowdOptions,
  who: Crowd,
  server: ServerProcess,
  crowd: readonly Receiver<TrainerJob>[],
): Promise<CrowdFigures> {
  const { trainers, order } = who;
  const train = (round: number, timing: Pick<TrainerJob, "steps" | "stepMs">) =>
    Promise.all(
      crowd.map((one, trainer) => {
        const seed = round * trainers + (order === "own" ? trainer : 0);
        return one.receive({ data: { ...data, seed }, stage, ...timing });
      }),
    );
  const processorsOf = async () => {
    const [ofServer = 0, ...ofTrainers] = await Promise.all(
      [server, ...crowd].map(({ process }) => processorSeconds(process.pid as number)),
    );
    return { ofServer, ofTrainers: ofTrainers.reduce((sum, seconds) => sum + seconds, 0) };
  };
  await train(0, { steps: WARM_UP_STEPS, stepMs: 0 });
  const utilisation: number[][] = crowd.map(() => []);
  const serverSeconds: number[] = [];
  const trainerSeconds: number[] = [];
  const cutShare: number[] = [];
  let seconds = 0;
  for (let round = 1; round <= rounds; round++) {
    const [began, before] = [await readCounters(server.metrics), await processorsOf()];
    const startMs = performance.now();
    const shares = await train(round, { steps, stepMs });
    seconds += (performance.now() - startMs) / 1e3;
    const [ended, after] = [await readCounters(server.metrics), await processorsOf()];
    for (const [trainer, share] of shares.entries()) utilisation[trainer]?.push(share);
    serverSeconds.push((after.ofServer - before.ofServer) / (steps + 1));
    trainerSeconds.push((after.ofTrainers - before.ofTrainers) / (steps + 1) / trainers);
    cutShare.push((ended.cut - began.cut) / (ended.sent - began.sent));
  }
  const sum = (each: readonly number[]) => each.reduce((total, one) => total + one, 0);
  return {
    ...who,
    utilisation: utilisation.map(figures),
    serverSeconds: figures(serverSeconds),
    trainerSeconds: figures(trainerSeconds),
    serverProcessors: (sum(serverSeconds) * (steps + 1)) / seconds,
    trainerProcessors: (sum(trainerSeconds) * (steps + 1) * trainers) / seconds,
    cutShare: figures(cutShare),
  };
}

/** Processor seconds of an engine alone for a batch of the same run, its CRC-32 included: what cutting takes of a step. */
export async function measureCutting({ store, data, stage, steps, rounds }: CrowdOptions): Promise<Figures> {
  await using engine = await openEngine(store, { workers: SERVER_PROCESSORS });
  const cases = caseTable(engine.dataset);
  const spec = resolveSpec(data, { ...engine.dataset, cases });
  const cut = async (first: number, count: number) => {
    let next = first;
    const cutOn = async () => {
      while (next < first + count) {
        const plan = planBatch(spec, cases, { timeline: "train", step: next++, stage });
        const lease = await engine.cut(spec, plan, { checksum: true });
        lease.release();
      }
    };
    const before = process.cpuUsage();
    await Promise.all(Array.from({ length: CUTTING_AHEAD }, cutOn));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6 / count;
  };
  await cut(0, WARM_UP_STEPS);
  const seconds: number[] = [];
  for (let round = 1; round <= rounds; round++) seconds.push(await cut(round * steps, steps));
  return figures(seconds);
}
