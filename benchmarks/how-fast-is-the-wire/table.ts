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
    "| stage | patch | batch | MiB | engine batches/s | MB/s | gRPC batches/s | MB/s | bare MB/s | gRPC / bare: median (p5 to p95) | gRPC s/GB | bare s/GB |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
  ];
  const rows = stages.map(({ stage, patchSize, batchSize, batchBytes, engine, wire, bare, share }) => {
    const spread = `${share.median.toFixed(2)} (${share.p5.toFixed(2)} to ${share.p95.toFixed(2)})`;
    const cells = [stage, patchSize.join("x"), batchSize, (batchBytes / MEBIBYTE).toFixed(1)];
    const speeds = [perSecond(engine, batchBytes), perSecond(wire.bytesPerSecond, batchBytes)];
    const limit = [(bare.bytesPerSecond.median / 1e6).toFixed(0), spread];
    return `| ${[...cells, ...speeds, ...limit, processorTime(wire), processorTime(bare)].join(" | ")} |`;
  });
  return [...head, ...rows].join("\n");
}
