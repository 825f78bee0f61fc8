import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const MAIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** Runs `patchstream ARGS` to its end and gives what it printed. Rejects where it fails. */
export async function patchstream(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { timeout: 180_000 });
  return stdout;
}

/** A service of the command line, from when it listens until it is disposed of. */
export interface Service extends AsyncDisposable {
  readonly address: string;
}

/** `patchstream ARGS` on a port that is free. It also ends with this process, however that ends. */
export async function startService(...args: string[]): Promise<Service> {
  const all = [MAIN, ...args, "--port", "0", "--json", "--log-level", "silent", "--until-stdin-closes"];
  const child = spawn(process.execPath, all, { stdio: ["pipe", "pipe", "inherit"] });
  const closed = once(child, "close");
  const end = async () => {
    child.kill();
    await closed;
  };
  const early = closed.then(([code]) => Promise.reject(new Error(`${args[0]} ended with ${code}`)));
  early.catch(() => undefined);
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), early]);
  const { address } = JSON.parse(line) as { address: string };
  return { address, [Symbol.asyncDispose]: end };
}
