import type { CarriedFigures, StageFigures } from "./measure.js";

const MEBIBYTE = 2 ** 20;

function perSecond({ median }: { median: number }, batchBytes: number): string {
  return `${(median / batchBytes).toFixed(1)} | ${(median / 1e6).toFixed(0)}`;
}

function processorTime({ server, client }: CarriedFigures): string {
  return `${server.median.toFixed(1)} + ${client.median.toFixed(1)}`;
}

/** A Markdown table, one row a stage. */
export function table(stages: readonly StageFigures[]): string {
  const head = [
    "| stage | patch | batch | MiB | engine batches/s | MB/s | gRPC batches/s | MB/s | bare MB/s | gRPC / bare: median (p5 to p95) | gRPC s/GB | bare s/GB | lane batches/s | MB/s | lane / bare | lane s/GB |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
  ];
  const rows = stages.map(({ stage, patchSize, batchSize, batchBytes, engine, wire, lane, bare, ...shares }) => {
    const [spread, laneSpread] = [shares.share, shares.laneShare].map(
      ({ median, p5, p95 }) => `${median.toFixed(2)} (${p5.toFixed(2)} to ${p95.toFixed(2)})`,
    );
    const cells = [stage, patchSize.join("x"), batchSize, (batchBytes / MEBIBYTE).toFixed(1)];
    const speeds = [perSecond(engine, batchBytes), perSecond(wire.bytesPerSecond, batchBytes)];
    const limit = [(bare.bytesPerSecond.median / 1e6).toFixed(0), spread];
    const costs = [processorTime(wire), processorTime(bare)];
    const overLane = [perSecond(lane.bytesPerSecond, batchBytes), laneSpread, processorTime(lane)];
    return `| ${[...cells, ...speeds, ...limit, ...costs, ...overLane].join(" | ")} |`;
  });
  return [...head, ...rows].join("\n");
}
