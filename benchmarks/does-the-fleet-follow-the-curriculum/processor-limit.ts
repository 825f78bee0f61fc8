import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CPU = "/sys/fs/cgroup/cpu";
const ACCOUNTS = "/sys/fs/cgroup/cpuacct";
/** As short as may be: what is done in less than a period is as fast as with a whole processor. */
const PERIOD_US = 5_000;
/** As much as a group may weigh: other work of the machine takes nothing from what it may have. */
const MOST_SHARES = 262_144;

/** Groups of processes that may have a part of a processor each, and are counted together (Linux, cgroup v1, root). */
export class ProcessorGroups implements Disposable {
  readonly #name: string;
  readonly #groups: string[] = [];

  /** Throws where there is no cgroup v1, or where it may not be changed. */
  constructor(name: string) {
    this.#name = name;
    for (const root of [CPU, ACCOUNTS]) mkdirSync(join(root, name));
    writeFileSync(join(CPU, name, "cpu.shares"), String(MOST_SHARES));
  }

  /** Puts a process, and what it starts from now on, into a group of its own; the function it gives bounds its processors. */
  add(pid: number): (processors: number) => void {
    const group = join(CPU, this.#name, String(pid));
    mkdirSync(group);
    this.#groups.push(group);
    writeFileSync(join(group, "cgroup.procs"), String(pid));
    writeFileSync(join(ACCOUNTS, this.#name, "cgroup.procs"), String(pid));
    return (processors) => {
      writeFileSync(join(group, "cpu.cfs_period_us"), String(PERIOD_US));
      writeFileSync(join(group, "cpu.cfs_quota_us"), String(Math.round(PERIOD_US * processors)));
    };
  }

  /** Processor seconds of all of them so far, also of those that have ended. */
  get seconds(): number {
    return Number(readFileSync(join(ACCOUNTS, this.#name, "cpuacct.usage"), "utf8")) / 1e9;
  }

  /** All processes must have ended. */
  [Symbol.dispose](): void {
    for (const group of this.#groups) rmdirSync(group);
    for (const root of [CPU, ACCOUNTS]) rmdirSync(join(root, this.#name));
  }
}
