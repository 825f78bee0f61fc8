import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { type CarrierChoice, connect, type Run, type StageChanged } from "../../client/index.js";
import { PatchstreamError } from "../../plan/index.js";
import { FAULT_RUN, RUN_STEPS } from "./small-run.js";

/** What the client of a schedule is told, as JSON in its only argument. */
export interface ReaderOrder {
  readonly addresses: readonly string[];
  readonly carrier: CarrierChoice;
  readonly creditBatches: number;
  readonly deadlineMs: number;
  readonly paceMs: number;
  readonly stageChanges: readonly { readonly atStep: number; readonly stage: number }[];
}

/** What it says, a line of JSON each. Times are milliseconds since 1970, with fractions. */
export type Said =
  | {
      readonly said: "batch";
      readonly step: number;
      readonly stage: number;
      readonly sha256: string;
      readonly askedMs: number;
      readonly gotMs: number;
    }
  | { readonly said: "decided"; readonly decision: StageChanged }
  | {
      readonly said: "failed";
      readonly code: string;
      readonly message: string;
      readonly atMs: number;
      readonly askedMs: number;
    }
  | { readonly said: "ended"; readonly peakMiB: number };

const say = (line: Said) => process.stdout.write(`${JSON.stringify(line)}\n`);
const now = () => performance.timeOrigin + performance.now();

/** The most memory that a process has had (Linux). */
function peakMiB(): number {
  const [, kib = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kib) / 1024;
}

/** Reads the whole run, a batch every `paceMs` until a line comes on standard input, then as fast as it can. */
async function read(order: ReaderOrder): Promise<void> {
  const { addresses, carrier, creditBatches, deadlineMs, stageChanges } = order;
  let paceMs = order.paceMs;
  void once(process.stdin, "data").then(() => {
    paceMs = 0;
  });
  const due = [...stageChanges];
  let askedMs = now();
  const change = async (run: Run, step: number) => {
    while (due[0] !== undefined && due[0].atStep <= step) {
      const { stage } = due.shift() as { stage: number };
      if (step + 1 < RUN_STEPS)
        say({ said: "decided", decision: await run.changeStage({ stage, hold: false, reason: "the schedule" }) });
    }
  };
  await using client = connect(addresses, { carrier, deadlineMs });
  try {
    const run = await client.openRun(FAULT_RUN, { creditBatches });
    askedMs = now();
    for await (const batch of run.batches()) {
      const gotMs = now();
      const { step, stage, image, label } = batch;
      const sha256 = createHash("sha256").update(image.bytes).update(label.bytes).digest("hex");
      say({ said: "batch", step, stage, sha256, askedMs, gotMs });
      batch[Symbol.dispose]();
      await change(run, step);
      if (paceMs > 0) await pause(paceMs);
      askedMs = now();
    }
  } catch (error) {
    if (!(error instanceof PatchstreamError)) throw error;
    say({ said: "failed", code: error.code, message: error.message, atMs: now(), askedMs });
  }
  say({ said: "ended", peakMiB: peakMiB() });
}

await read(JSON.parse(process.argv[2] ?? "") as ReaderOrder);
process.exit();
