import { type Carrier, connect, type DataClient, type DataSpecInput } from "../../client/index.js";
import { type Engine, openEngine } from "../../loader/index.js";
import { caseTable, planBatch, type ResolvedSpec } from "../../plan/index.js";
import { type ServerProcess, startServer } from "../child.js";
import { type Figures, figures, ratios } from "../figures.js";
import { processorSeconds } from "../processor-time.js";
import { type Receiver, startReceiver } from "./receiver.js";

/** What each measurement moves, and what of it comes before the clock starts: a stream is measured while it flows. */
const BYTES = 512 * 2 ** 20;
const UNTIMED_BYTES = 96 * 2 ** 20;
const CUTTING_AHEAD = 2;

export interface StageFigures {
  readonly stage: number;
  readonly patchSize: readonly number[];
  readonly batchSize: number;
  readonly batchBytes: number;
  /** Bytes per second. */
  readonly engine: Figures;
  /** Over gRPC. */
  readonly wire: CarriedFigures;
  readonly lane: CarriedFigures;
  readonly bare: CarriedFigures;
  /** Bytes per second of gRPC / bare and of the lane / bare, pair by pair. */
  readonly share: Figures;
  readonly laneShare: Figures;
}

export interface CarriedFigures {
  readonly bytesPerSecond: Figures;
  /** Processor seconds a GB (10^9 bytes). */
  readonly server: Figures;
  readonly client: Figures;
}

export interface MeasureOptions {
  readonly store: string;
  /** The `data` part of a run spec. */
  readonly data: DataSpecInput;
  readonly workers: number;
  readonly rounds: number;
  readonly onStage: (figures: StageFigures) => void;
}

async function engineBytesPerSecond(engine: Engine, spec: ResolvedSpec, stage: number, steps: number): Promise<number> {
  const cases = caseTable(engine.dataset);
  let next = 0;
  let bytes = 0;
  const start = process.hrtime.bigint();
  const cutOn = async () => {
    while (next < steps) {
      const lease = await engine.cut(spec, planBatch(spec, cases, { timeline: "train", step: next++, stage }));
      bytes += lease.bytes.byteLength;
      lease.release();
    }
  };
  await Promise.all(Array.from({ length: CUTTING_AHEAD }, cutOn));
  return bytes / (Number(process.hrtime.bigint() - start) / 1e9);
}

interface Carried {
  readonly bytesPerSecond: number;
  /** Processor seconds a GB. */
  readonly server: number;
  readonly client: number;
}

/** What a receiver reports of `bytes` that came from a server's process, with the processor time of both. */
async function carried<Job extends object>(
  server: ServerProcess,
  receiver: Receiver<Job>,
  bytes: number,
  job: Job,
): Promise<Carried> {
  const ids = [server, receiver].map(({ process: { pid } }) => pid as number);
  const began = await Promise.all(ids.map(processorSeconds));
  const bytesPerSecond = await receiver.receive(job);
  const ended = await Promise.all(ids.map(processorSeconds));
  const [serverSeconds, clientSeconds] = ended.map((seconds, index) => seconds - (began[index] as number)) as [
    number,
    number,
  ];
  return { bytesPerSecond, server: serverSeconds / (bytes / 1e9), client: clientSeconds / (bytes / 1e9) };
}

function carriedFigures(rounds: readonly Carried[]): CarriedFigures {
  return {
    bytesPerSecond: figures(rounds.map(({ bytesPerSecond }) => bytesPerSecond)),
    server: figures(rounds.map(({ server }) => server)),
    client: figures(rounds.map(({ client }) => client)),
  };
}

interface BatchesJob {
  readonly stage: number;
  readonly steps: number;
  readonly untimedBytes: number;
}

interface BareJob {
  readonly totalBytes: number;
  readonly untimedBytes: number;
}

interface Measured {
  readonly engine: Engine;
  readonly client: DataClient;
  readonly server: ServerProcess;
  readonly receiver: Receiver<BatchesJob>;
  readonly laneReceiver: Receiver<BatchesJob>;
  readonly bareServer: ServerProcess;
  readonly bareReceiver: Receiver<BareJob>;
  readonly options: MeasureOptions;
}

async function measureStage(measured: Measured, stage: number): Promise<StageFigures> {
  const { engine, client, server, receiver, laneReceiver, bareServer, bareReceiver, options } = measured;
  const { spec, train } = await client.describeRun(options.data);
  const bytes = train.stages[stage]?.shares[0]?.byteLength as number;
  const steps = Math.ceil(BYTES / bytes);
  const totalBytes = steps * bytes;
  const cut: number[] = [];
  const wire: Carried[] = [];
  const lane: Carried[] = [];
  const limit: Carried[] = [];
  for (let round = -1; round < options.rounds; round++) {
    const results = [
      await engineBytesPerSecond(engine, spec, stage, steps),
      await carried(server, receiver, totalBytes, { stage, steps, untimedBytes: UNTIMED_BYTES }),
      await carried(server, laneReceiver, totalBytes, { stage, steps, untimedBytes: UNTIMED_BYTES }),
      await carried(bareServer, bareReceiver, totalBytes, { totalBytes, untimedBytes: UNTIMED_BYTES }),
    ] as const;
    if (round < 0) continue; // warm-up
    cut.push(results[0]);
    wire.push(results[1]);
    lane.push(results[2]);
    limit.push(results[3]);
  }
  const { patchSize, batchSize } = spec.stages[stage] as ResolvedSpec["stages"][number];
  return {
    stage,
    patchSize,
    batchSize,
    batchBytes: bytes,
    engine: figures(cut),
    wire: carriedFigures(wire),
    lane: carriedFigures(lane),
    bare: carriedFigures(limit),
    share: ratios(
      wire.map(({ bytesPerSecond }) => bytesPerSecond),
      limit.map(({ bytesPerSecond }) => bytesPerSecond),
    ),
    laneShare: ratios(
      lane.map(({ bytesPerSecond }) => bytesPerSecond),
      limit.map(({ bytesPerSecond }) => bytesPerSecond),
    ),
  };
}

/** For every stage of a run: bytes per second out of the engine, over gRPC, over a lane, and of a bare grpc-js stream, in turn; and what both cost. */
export async function measureStages(options: MeasureOptions): Promise<StageFigures[]> {
  const workers = String(options.workers);
  const cli = new URL("../../cli/main.js", import.meta.url).pathname;
  await using engine = await openEngine(options.store, { workers: options.workers });
  await using server = await startServer(cli, ["serve", options.store, "--workers", workers, "--json"]);
  await using bareServer = await startServer(new URL("./bare-server.js", import.meta.url).pathname);
  const startOver = (carrier: Carrier) =>
    startReceiver<BatchesJob>("./receive-batches.js", [server.address, JSON.stringify(options.data), carrier]);
  await using receiver = startOver("grpc");
  await using laneReceiver = startOver("lane");
  await using bareReceiver = startReceiver<BareJob>("./receive-bare.js", [bareServer.address]);
  await using client = await connect(server.address);
  const { spec } = await client.describeRun(options.data);
  const all: StageFigures[] = [];
  for (let stage = 0; stage < spec.stages.length; stage++) {
    const measured = { engine, client, server, receiver, laneReceiver, bareServer, bareReceiver, options };
    const stageFigures = await measureStage(measured, stage);
    options.onStage(stageFigures);
    all.push(stageFigures);
  }
  return all;
}
