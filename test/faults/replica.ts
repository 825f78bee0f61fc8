import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { damage, shardsOf } from "../dataset/damage-shards.js";
import { toldAddress } from "../told-address.js";
import { Disk } from "./disk.js";
import type { ReplicaFault, Schedule } from "./schedule.js";
import type { Mend, Wire } from "./wire/wire.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const SLOT_BUDGET = "16MiB";
const END_MS = 20_000;
const MIB = 1 << 20;

export interface ReplicaPlace {
  readonly index: number;
  readonly wire: Wire;
  /** A folder that does not exist yet, for all that is its own. */
  readonly folder: string;
  /** A store that is copied. */
  readonly store: string;
  /** In the environment of all processes of a schedule. */
  readonly mark: string;
}

/** One data server, through all its lives: a process, a copy of the store, a disk. */
export class Replica implements AsyncDisposable {
  readonly #place: ReplicaPlace;
  readonly #schedule: Schedule;
  readonly #disk: Disk;
  readonly #store: string;
  readonly #ends: string[] = [];
  #process: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve("");
  #ports: readonly string[] = [];
  #mayDie = false;
  #peakMiB = 0;

  constructor(place: ReplicaPlace, schedule: Schedule) {
    this.#place = place;
    this.#schedule = schedule;
    mkdirSync(place.folder);
    this.#store = join(place.folder, "store");
    cpSync(place.store, this.#store, { recursive: true });
    this.#disk = new Disk(join(place.folder, "disk"));
    mkdirSync(join(this.#disk.path, "tmp"));
  }

  /** Ends that no fault accounts for, in words. */
  get unexpectedEnds(): readonly string[] {
    return this.#ends;
  }

  /** MiB, over all lives. */
  get peakMiB(): number {
    return this.#peakMiB;
  }

  /** Lines of its log, over all lives. */
  get logLines(): readonly string[] {
    return readFileSync(this.#logPath, "utf8").split("\n").filter(Boolean);
  }

  /** What lies where nothing should: in its folder for temporary files, and in a store that it only reads. */
  get leftFiles(): readonly string[] {
    const names = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" });
    const here = new Set(names(this.#place.store));
    return [...names(join(this.#disk.path, "tmp")), ...names(this.#store).filter((name) => !here.has(name))];
  }

  get #logPath(): string {
    return join(this.#disk.path, "log");
  }

  /** Starts it, at the same ports as before; the address for clients, once it serves. */
  async start(): Promise<string> {
    const { index, wire, mark } = this.#place;
    const budgets = ["--slot-budget", SLOT_BUDGET, "--volume-budget", String(this.#schedule.volumeBudgetBytes)];
    const listen = ["--host", wire.host(index), "--insecure", ...this.#ports];
    const [program = "", ...words] = [...wire.serverPrefix(index), process.execPath];
    const log = openSync(this.#logPath, "a");
    const child = spawn(
      program,
      [...words, MAIN, "serve", this.#store, "--json", "--workers", "1", ...budgets, ...listen],
      {
        stdio: ["ignore", "pipe", log],
        env: { ...process.env, TMPDIR: join(this.#disk.path, "tmp"), PATCHSTREAM_FAULTS: mark },
      },
    );
    closeSync(log);
    const { stdout } = child;
    if (stdout === null) throw new Error("a server was started without a pipe for its output");
    this.#mayDie = false;
    this.#process = child;
    this.#ended = once(child, "close").then(([code, signal]) => {
      if (!this.#mayDie) this.#ends.push(`the server of replica ${index} ended by itself with ${code ?? signal}`);
      return String(code ?? signal);
    });
    const told = await toldAddress(Object.assign(child, { stdout }), () => this.logLines.slice(-3).join("\n"));
    const [port, lanePort] = [told.address, told.lane].map((address) => String(address?.split(":").at(-1)));
    this.#ports = ["--port", port as string, "--lane-port", lanePort as string];
    return wire.reach(index, { port: Number(port), lanePort: Number(lanePort) });
  }

  /** Ends the process; what it ended with. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<string> {
    this.#mayDie = true;
    this.#notePeak();
    this.#process?.kill(signal);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve("nothing"), END_MS);
    });
    const how = await Promise.race([this.#ended, late]);
    clearTimeout(timer);
    if (signal === "SIGTERM" && how !== "0")
      this.#ends.push(`the server of replica ${this.#place.index} answered SIGTERM with ${how}`);
    if (how === "nothing") this.#process?.kill("SIGKILL");
    await this.#ended;
    return how;
  }

  async strike(fault: ReplicaFault): Promise<Mend> {
    const { index, wire } = this.#place;
    switch (fault.kind) {
      case "killed":
        await this.end("SIGKILL");
        return () => this.#startAfter(fault.downMs);
      case "drained": {
        const ended = this.end("SIGTERM");
        return async () => {
          await ended;
          await this.#startAfter(fault.downMs);
        };
      }
      case "stopped":
        this.#process?.kill("SIGSTOP");
        return async () => void this.#process?.kill("SIGCONT");
      case "half-open": {
        const mend = await wire.strike(index, { kind: "partition", way: "both", forMs: 0 });
        await this.end("SIGKILL");
        return async () => {
          await this.#startAfter(fault.downMs);
          await mend();
        };
      }
      case "full disk":
        this.#disk.fill();
        return async () => this.#disk.makeRoom();
      case "few descriptors": {
        const mend = await this.#limit("nofile", this.#openFiles() + fault.spare);
        await wire.strike(index, { kind: "reset" });
        return mend;
      }
      case "little memory":
        return this.#limit("as", this.#addressSpaceBytes() + fault.spareMiB * MIB);
      case "damaged store": {
        const shards = shardsOf(this.#store);
        const whole = shards.map((path) => readFileSync(path));
        for (const path of shards) damage(path);
        await this.end("SIGKILL");
        await this.start();
        return async () => {
          for (const [at, path] of shards.entries()) writeFileSync(path, whole[at] as Buffer);
          await this.end("SIGKILL");
          await this.start();
        };
      }
    }
  }

  /** Sets a limit of the running process. A process that dies of it is started anew when it is taken back. */
  async #limit(name: "nofile" | "as", value: number): Promise<Mend> {
    this.#mayDie = name === "as";
    const set = (limit: string) => execFileSync("prlimit", ["--pid", String(this.#process?.pid), `--${name}=${limit}`]);
    const before = /(\d+|unlimited)\s+(\d+|unlimited)/.exec(
      execFileSync(
        "prlimit",
        ["--pid", String(this.#process?.pid), `--${name}`, "--noheadings", "--output=SOFT,HARD"],
        {
          encoding: "utf8",
        },
      ),
    );
    const [, soft = "unlimited", hard = "unlimited"] = before ?? [];
    set(`${value}:${hard}`);
    return async () => {
      const died = this.#process?.exitCode !== null || this.#process.signalCode !== null;
      if (died) await this.start();
      else set(`${soft}:${hard}`);
      this.#mayDie = false;
    };
  }

  async #startAfter(downMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, downMs));
    await this.start();
  }

  #openFiles(): number {
    return Math.max(...readdirSync(`/proc/${this.#process?.pid}/fd`).map(Number)) + 1;
  }

  #addressSpaceBytes(): number {
    return 1024 * this.#status("VmSize");
  }

  #notePeak(): void {
    if (existsSync(`/proc/${this.#process?.pid}/status`))
      this.#peakMiB = Math.max(this.#peakMiB, this.#status("VmHWM") / 1024);
  }

  /** A line of /proc/PID/status in KiB; 0 for a process that has ended. */
  #status(name: string): number {
    const [, kib = "0"] =
      new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${this.#process?.pid}/status`, "utf8")) ?? [];
    return Number(kib);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null)
      await this.end("SIGKILL");
    this.#disk[Symbol.dispose]();
  }
}

/** Flips a bit every 64 bytes: whatever is read of it is damaged. */
