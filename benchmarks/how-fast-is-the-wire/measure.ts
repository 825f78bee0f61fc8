import { connect, type DataClient, type Run } from "../../client/index.js";
import { caseTable, type Engine, openEngine } from "../../loader/index.js";
import { planBatch, type ResolvedSpec } from "../../plan/index.js";
import { startServer } from "../child.js";
import { type Figures, figures, ratios } from "../figures.js";
import { bareBytesPerSecond } from "./bare-stream.js";

/** What each measurement moves: enough to be over a scheduler's tick, little enough to alternate often. */
const BYTES = 96 * 2 ** 20;
const CUTTING_AHEAD = 2;
const MESSAGE_BYTES = 2 ** 20;

export interface StageFigures {
  readonly stage: number;
  readonly patchSize: readonly number[];
  readonly batchSize: number;
  readonly batchBytes: number;
  /** Bytes per second. */
  readonly engine: Figures;
  readonly wire: Figures;
  readonly bare: Figures;
  /** wire / bare, pair by pair. */
  readonly share: Figures;
}

export interface MeasureOptions {
  readonly store: string;
  /** The `data` part of a run spec. */
  readonly data: object;
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

async function wireBytesPerSecond(run: Run, stage: number, steps: number): Promise<number> {
  const decisions = [{ stage, fromStep: 0, reason: "benchmark" }];
  let bytes = 0;
  const start = process.hrtime.bigint();
  for await (const { image, label } of run.batches({ from: 0, to: steps, decisions }))
    bytes += image.bytes.byteLength + label.bytes.byteLength;
  return bytes / (Number(process.hrtime.bigint() - start) / 1e9);
}

async function measureStage(
  { engine, client, bare, options }: { engine: Engine; client: DataClient; bare: string; options: MeasureOptions },
  stage: number,
): Promise<StageFigures> {
  const { spec, batchBytes } = await client.describeRun(options.data);
  const bytes = batchBytes[stage] as number;
  const steps = Math.max(4, Math.ceil(BYTES / bytes));
  const wireOnce = async () => {
    await using run = await client.openRun(options.data);
    return wireBytesPerSecond(run, stage, steps);
  };
  const cut: number[] = [];
  const wire: number[] = [];
  const limit: number[] = [];
  for (let round = -1; round < options.rounds; round++) {
    const results = [
      await engineBytesPerSecond(engine, spec, stage, steps),
      await wireOnce(),
      await bareBytesPerSecond(bare, steps * bytes, MESSAGE_BYTES),
    ] as const;
    if (round < 0) continue; // warm-up
    cut.push(results[0]);
    wire.push(results[1]);
    limit.push(results[2]);
  }
  const { patchSize, batchSize } = spec.stages[stage] as ResolvedSpec["stages"][number];
  return {
    stage,
    patchSize,
    batchSize,
    batchBytes: bytes,
    engine: figures(cut),
    wire: figures(wire),
    bare: figures(limit),
    share: ratios(wire, limit),
  };
}

/** For every stage of a run: bytes per second out of the engine, over gRPC, and of a bare grpc-js stream, in turn. */
export async function measureStages(options: MeasureOptions): Promise<StageFigures[]> {
  const workers = String(options.workers);
  const cli = new URL("../../cli/main.js", import.meta.url).pathname;
  await using engine = await openEngine(options.store, { workers: options.workers });
  await using server = await startServer(cli, ["serve", options.store, "--workers", workers, "--json"]);
  await using bare = await startServer(new URL("./bare-server.js", import.meta.url).pathname);
  await using client = await connect(server.address);
  const { spec } = await client.describeRun(options.data);
  const all: StageFigures[] = [];
  for (let stage = 0; stage < spec.stages.length; stage++) {
    const measured = await measureStage({ engine, client, bare: bare.address, options }, stage);
    options.onStage(measured);
    all.push(measured);
  }
  return all;
}
