import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { broken } from "./check.js";
import { type Gap, gapsOf, type Struck } from "./gaps.js";
import { ReaderProcess } from "./reader-process.js";
import type { Reference } from "./reference.js";
import { Replica } from "./replica.js";
import type { Fault, Schedule, Strike } from "./schedule.js";
import { openNamespaces } from "./wire/namespaces.js";
import { openRelay } from "./wire/relay.js";
import type { Mend, Wire } from "./wire/wire.js";

/** From the last strike to the end of the client: it may wait once for its deadline, and then reads the rest. */
const READ_REST_MS = 60_000;

export interface Outcome {
  readonly schedule: Schedule;
  /** Broken guarantees, a line each. */
  readonly broken: readonly string[];
  readonly gaps: readonly Gap[];
  readonly seconds: number;
}

/** The processes of one schedule, and the network between them. */
interface Scene {
  readonly wire: Wire;
  readonly replicas: readonly Replica[];
  readonly reader: ReaderProcess;
}

let marks = 0;

/** Plays one schedule: starts its processes, strikes when they are due, and says what does not hold then. */
export async function runSchedule(schedule: Schedule, store: string, reference: Reference): Promise<Outcome> {
  const beganMs = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "patchstream-faults-"));
  const mark = `${process.pid}-${marks++}`;
  try {
    const wire = await (schedule.wire === "namespaces" ? openNamespaces : openRelay)(schedule.replicas);
    await using _wire = wire;
    const replicas = Array.from(
      { length: schedule.replicas },
      (_, index) => new Replica({ index, wire, folder: join(folder, String(index)), store, mark }, schedule),
    );
    try {
      const addresses = await Promise.all(replicas.map((replica) => replica.start()));
      const { carrier, creditBatches, paceMs, stageChanges, deadlineMs } = schedule;
      const order = { addresses, carrier, creditBatches, deadlineMs, paceMs, stageChanges };
      await using reader = new ReaderProcess(wire.clientPrefix, order, mark);
      const struck = await strikeAll(schedule, { wire, replicas, reader });
      const { how, errors } = await endOf(reader, schedule.deadlineMs + READ_REST_MS);
      if (schedule.ending === "served") await Promise.all(replicas.map((replica) => replica.end("SIGTERM")));
      else await Promise.all(replicas.map((replica) => replica.end("SIGKILL")));
      const record = {
        said: reader.said,
        clientEnd: how,
        clientErrors: errors,
        serverPeaksMiB: replicas.map(({ peakMiB }) => peakMiB),
        unexpectedEnds: replicas.flatMap(({ unexpectedEnds }) => unexpectedEnds),
        logLines: replicas.flatMap(({ logLines }) => logLines),
        mayTearLog: schedule.strikes.some(({ fault }) => ["full disk", "little memory"].includes(fault.kind)),
        leftFiles: replicas.flatMap(({ leftFiles }) => leftFiles),
        leftProcesses: processesWith(mark),
      };
      return {
        schedule,
        broken: await broken(schedule, record, (step, stage) => reference.sha256(step, stage)),
        gaps: gapsOf(reader.said, struck),
        seconds: (performance.now() - beganMs) / 1e3,
      };
    } finally {
      for (const replica of replicas) await replica[Symbol.asyncDispose]();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function strikeAll(schedule: Schedule, scene: Scene): Promise<Struck[]> {
  const struck: Struck[] = [];
  for (const strike of schedule.strikes) {
    if (!(await scene.reader.reached(strike.atStep))) break;
    await pause(strike.afterMs);
    const struckMs = Date.now();
    const mends = await Promise.all(strike.replicas.map((index) => strikeOne(strike, index, scene)));
    await pause("forMs" in strike.fault ? strike.fault.forMs : 0);
    await Promise.all(mends.map((mend) => mend()));
    struck.push({
      kind: strike.fault.kind,
      struckMs,
      mendedMs: Date.now(),
      someoneWell: strike.replicas.length < schedule.replicas,
    });
  }
  if (schedule.ending === "all killed") await Promise.all(scene.replicas.map((replica) => replica.end("SIGKILL")));
  else if (schedule.ending === "all out of reach")
    await Promise.all(
      scene.replicas.map((_, index) => scene.wire.strike(index, { kind: "partition", way: "both", forMs: 0 })),
    );
  scene.reader.hurry();
  return struck;
}

function strikeOne({ fault }: Strike, index: number, { wire, replicas }: Scene): Promise<Mend> {
  if (isOfWire(fault)) return wire.strike(index, fault);
  return (replicas[index] as Replica).strike(fault);
}

function isOfWire(fault: Fault): fault is Parameters<Wire["strike"]>[1] {
  return ["partition", "rate", "loss", "delay", "reset", "flipped bit"].includes(fault.kind);
}

async function endOf(
  reader: ReaderProcess,
  withinMs: number,
): Promise<{ readonly how: string; readonly errors: string }> {
  const late = new AbortController();
  const hung = pause(withinMs, { how: "nothing", errors: "" }, { signal: late.signal });
  try {
    return await Promise.race([reader.ended, hung]);
  } finally {
    late.abort();
    hung.catch(() => {});
  }
}

/** Commands of processes whose environment has the mark. */
function processesWith(mark: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, "utf8").includes(`PATCHSTREAM_FAULTS=${mark}\0`)) return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`];
      } catch {
        return []; // it has ended, or is another user's
      }
    });
}
