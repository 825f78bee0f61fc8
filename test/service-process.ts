import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import type { Channel } from "../rpc/index.js";
import { toldAddress } from "./told-address.js";

const MAIN = fileURLToPath(new URL("../cli/main.js", import.meta.url));

export type Logged = Readonly<Record<string, unknown>>;

/** A service in a process of its own, with its log. */
export interface ServiceProcess {
  readonly address: string;
  /** All lines so far, as they were written. */
  readonly lines: readonly string[];
  /** The first line of an event, when it has come; throws where the process ends without it. */
  logged(event: string, fields?: Logged): Promise<Logged>;
  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void;
  /** Exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** `patchstream ARGS`, from when it serves until the test ends. */
export function spawnService(t: ExecutionContext, ...args: string[]): Promise<ServiceProcess> {
  return spawnCommand(t, [process.execPath, MAIN, ...args]);
}

/** `spawnService` of any command that serves. */
export async function spawnCommand(
  t: ExecutionContext,
  [program = "", ...args]: readonly string[],
): Promise<ServiceProcess> {
  const child = spawn(program, [...args, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close").then(([code, signal]): number | string => code ?? signal);
  t.teardown(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const lines: string[] = [];
  let wake = () => {};
  let isOver = false;
  createInterface(child.stderr).on("line", (line) => {
    lines.push(line);
    wake();
  });
  void ended.then(() => {
    isOver = true;
    wake();
  });
  const logged = async (event: string, fields: Logged = {}): Promise<Logged> => {
    const wanted = Object.entries({ event, ...fields });
    for (let next = 0; ; ) {
      for (; next < lines.length; next++) {
        const line = JSON.parse(lines[next] as string) as Logged;
        if (wanted.every(([name, value]) => line[name] === value)) return line;
      }
      if (isOver) throw new Error(`${event} ${JSON.stringify(fields)} is not in the log:\n${lines.join("\n")}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const { address } = await toldAddress(child, () => lines.join("\n"));
  return { address, lines, logged, kill: (signal) => void child.kill(signal), ended };
}

const bytes = (message: Buffer) => message;

/** What Health.Watch tells of the whole server. */
export async function* watchHealth({ client }: Channel): AsyncGenerator<"SERVING" | "NOT_SERVING"> {
  const call = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", bytes, bytes, Buffer.alloc(0));
  call.on("error", () => {});
  try {
    for await (const status of call as AsyncIterable<Buffer>) yield status[1] === 1 ? "SERVING" : "NOT_SERVING";
  } finally {
    call.cancel();
  }
}
