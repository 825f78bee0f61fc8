import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { EnergyMeter } from "./energy-meter.js";

/** NVIDIA's own tool (NVML): index and watts of each GPU, a line each, again and again. */
const NVIDIA_SMI = ["nvidia-smi", "--query-gpu=index,power.draw", "--format=csv,noheader,nounits", "-lms", "250"];

/**
 * The energy of this machine's GPUs, from the power that they draw four times a second. Undefined where there is no such tool, or no GPU that
 * tells. Disposing it ends the tool, which also ends with us: nobody reads its pipe any more.
 */
export async function openGpuMeter(
  [program = "", ...args]: readonly string[] = NVIDIA_SMI,
  nowMs: () => number = () => performance.now(),
): Promise<(EnergyMeter & Disposable) | undefined> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  const over = once(child, "close").catch(() => undefined); // it is not there
  const lastMs = new Map<string, number>();
  let joules = 0;
  const lines = createInterface(child.stdout).on("line", (line) => {
    const [gpu = "", power = ""] = line.split(",").map((part) => part.trim());
    const watts = Number(power);
    if (power === "" || !Number.isFinite(watts)) return; // "[N/A]"
    const now = nowMs();
    joules += (watts * (now - (lastMs.get(gpu) ?? now))) / 1000;
    lastMs.set(gpu, now);
  });
  await Promise.race([once(lines, "line"), over]);
  if (lastMs.size === 0) {
    child.kill();
    return undefined;
  }
  return { readJoules: () => joules, [Symbol.dispose]: () => void child.kill() };
}
