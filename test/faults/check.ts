import { type StageDecision, StageTimeline } from "../../plan/batch/stage-timeline.js";
import type { Said } from "./reader.js";
import type { Schedule } from "./schedule.js";
import { RUN_STEPS, scheduledStage } from "./small-run.js";

/** Peak memory of a client and of a server, MiB: Node.js itself, its budgets, the credit. Undisturbed they take 130 and 160. */
const MOST_CLIENT_MIB = 260;
const MOST_SERVER_MIB = 420;
/** Beyond the client's own deadline: what the machine takes to start, to look and to say. */
const GRACE_MS = 3_000;

/** All that is left of a schedule when its processes have ended. */
export interface Record {
  readonly said: readonly Said[];
  /** How the client ended; "nothing" where it had to be killed. */
  readonly clientEnd: string;
  readonly clientErrors: string;
  readonly serverPeaksMiB: readonly number[];
  /** Ends of servers that no fault accounts for. */
  readonly unexpectedEnds: readonly string[];
  readonly logLines: readonly string[];
  /** A full disk may have cut lines of the log; a server that runs out of memory says so in its own way. */
  readonly mayTearLog: boolean;
  readonly leftFiles: readonly string[];
  readonly leftProcesses: readonly string[];
}

type Sha256 = (step: number, stage: number) => Promise<string>;

/** Each broken guarantee (G1 to G6 of the design, or what was left behind), in a line. */
export async function broken(schedule: Schedule, record: Record, sha256: Sha256): Promise<string[]> {
  const disorder = stepsInOrder(record);
  return [
    ...(disorder.length > 0 ? disorder : [...(await rightBytes(record, sha256)), ...ending(schedule, record)]),
    ...boundedMemory(record),
    ...clearMessages(record),
    ...nothingLeft(record),
  ];
}

const batchesOf = ({ said }: Record) => said.flatMap((line) => (line.said === "batch" ? [line] : []));

function stepsInOrder(record: Record): string[] {
  const wrong = batchesOf(record).findIndex(({ step }, place) => step !== place);
  return wrong < 0 ? [] : [`G2: step ${batchesOf(record)[wrong]?.step} came where step ${wrong} was next`];
}

/** Every batch against the reference, with the stage that the decisions before it say. */
async function rightBytes(record: Record, sha256: Sha256): Promise<string[]> {
  const decisions: StageDecision[] = [];
  const wrong: string[] = [];
  for (const line of record.said) {
    if (line.said === "decided") decisions.push(line.decision);
    if (line.said !== "batch") continue;
    const { step, stage } = line;
    const right = new StageTimeline({ order: "scheduled", stageOf: scheduledStage }, decisions).stageOf(step);
    if (stage !== right) wrong.push(`G3: step ${step} has stage ${stage}, and was decided to have ${right}`);
    else if (line.sha256 !== (await sha256(step, stage)))
      wrong.push(`G1, G6: step ${step} of stage ${stage} has other bytes than without faults`);
  }
  return wrong;
}

function ending({ ending, deadlineMs }: Schedule, record: Record): string[] {
  const { said, clientEnd, clientErrors } = record;
  if (clientEnd === "nothing") return ["G5: the client hung, and had to be killed"];
  if (clientEnd !== "0") return [`G5: the client ended with ${clientEnd}: ${clientErrors}`];
  const failed = said.find((line) => line.said === "failed");
  const count = batchesOf(record).length;
  if (failed === undefined)
    return count === RUN_STEPS ? [] : [`G2: the client ended after ${count} of ${RUN_STEPS} steps`];
  const waitedMs = failed.atMs - failed.askedMs;
  if (ending === "served") return [`G5: the client failed at step ${count}: ${failed.code} ${failed.message}`];
  const wrong: string[] = [];
  if (waitedMs > deadlineMs + GRACE_MS)
    wrong.push(`G5: the client took ${Math.round(waitedMs)} ms to fail; its deadline is ${deadlineMs} ms`);
  if (
    !["DEADLINE", "UNAVAILABLE"].includes(failed.code) ||
    !/\d+\.\d+\.\d+\.\d+:\d+/.test(failed.message) ||
    failed.message.includes("\n")
  )
    wrong.push(`G5: this is no clear message of servers that are gone: ${failed.code} ${failed.message}`);
  return wrong;
}

function boundedMemory({ said, serverPeaksMiB }: Record): string[] {
  const [clientMiB = 0] = said.flatMap((line) => (line.said === "ended" ? [line.peakMiB] : []));
  return [
    ...(clientMiB > MOST_CLIENT_MIB ? [`G4: the client took ${Math.round(clientMiB)} MiB`] : []),
    ...serverPeaksMiB.filter((mib) => mib > MOST_SERVER_MIB).map((mib) => `G4: a server took ${Math.round(mib)} MiB`),
  ];
}

/** A log is lines of JSON, each an event that has a name, and none of them a crash of ours. */
function clearMessages({ logLines, mayTearLog, clientErrors }: Record): string[] {
  const wrong = mayTearLog ? [] : logLines.filter((line) => !isEvent(line));
  const crashes = logLines.filter((line) => /"code":"INTERNAL"|uncaught/i.test(line));
  return [...wrong, ...crashes, ...clientErrors.split("\n").filter(Boolean)].map((line) => `message: ${line}`);
}

function isEvent(line: string): boolean {
  try {
    return typeof JSON.parse(line).event === "string";
  } catch {
    return false;
  }
}

function nothingLeft({ unexpectedEnds, leftFiles, leftProcesses }: Record): string[] {
  return [
    ...unexpectedEnds.map((end) => `end: ${end}`),
    ...leftFiles.map((file) => `left behind: ${file}`),
    ...leftProcesses.map((command) => `left behind: ${command}`),
  ];
}
