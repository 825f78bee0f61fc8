import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Job, Proof, Taken } from "./job.js";
import { groupMemoryBytes } from "./memory.js";

/**
 * A loader with its consumer, in processes of their own that stand still (SIGSTOP) while they are not asked anything: no
 * arm works ahead, or takes the processor, while another one is measured. Those that would take that for a dead connection
 * only fill their buffers meanwhile.
 */
export interface Arm extends AsyncDisposable {
  readonly name: string;
  /** Opens a loader, and closes the one before. */
  open(job: Job): Promise<void>;
  close(): Promise<void>;
  prove(samples: number): Promise<Proof>;
  take(seconds: number): Promise<Taken>;
  /** Seconds that `steps` steps took, each a batch and a pause; one step before them is not timed. */
  train(steps: number, stepSeconds: number): Promise<number>;
  /** Memory of all its processes, shared pages counted once. */
  memoryBytes(): Promise<number>;
}

/** Of what an arm says besides its answers, what is shown when it fails. */
const COMPLAINT_CHARACTERS = 4000;

export interface ArmCommand {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The one processor that it may use. Default: any. */
  readonly processor?: number;
  /** It has a connection to keep alive, and is not stopped. */
  readonly keepsRunning?: boolean;
}

export function startArm({ name, program, args, environment, processor, keepsRunning = false }: ArmCommand): Arm {
  const pinned = processor === undefined ? [] : ["taskset", "--cpu-list", String(processor)];
  const [command, ...rest] = [...pinned, program, ...args] as [string, ...string[]];
  const child = spawn(command, rest, {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // leads a process group, which signals reach as a whole
    env: { ...process.env, ...environment },
  });
  child.on("error", () => {}); // there is no such program: it has no process either
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} cannot start: there is no program ${command}`);
  const group = -pid;
  const kill = () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(group, "SIGKILL");
  };
  process.on("exit", kill);
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS);
  });
  const ended = once(child, "close").then(([code, signal]) => {
    throw new Error(`${name} ended with ${code ?? signal}: ${complaint}`);
  });
  ended.catch(() => {}); // seen by whoever asks
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async <Answer>(request: object): Promise<Answer> => {
    process.kill(group, "SIGCONT");
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await Promise.race([answers.next(), ended]);
    if (done) return ended;
    if (!keepsRunning) process.kill(group, "SIGSTOP");
    return JSON.parse(value as string) as Answer;
  };
  return {
    name,
    open: (job) => ask({ open: job }),
    close: () => ask({ close: true }),
    prove: (samples) => ask({ prove: { samples } }),
    take: (seconds) => ask({ take: { seconds } }),
    train: async (steps, stepSeconds) => (await ask<{ seconds: number }>({ train: { steps, stepSeconds } })).seconds,
    memoryBytes: () => groupMemoryBytes(pid),
    async [Symbol.asyncDispose]() {
      process.off("exit", kill);
      kill();
      await ended.catch(() => {});
    },
  };
}
