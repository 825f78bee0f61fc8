import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openEnergyMeter } from "../../study/runner/energy-meter.js";
import { openGpuMeter } from "../../study/runner/gpu-meter.js";
import { StageEnergy } from "../../study/runner/stage-energy.js";
import type { WatchedEvent } from "../../trainer/index.js";

const RANGE = 1_000_000_000;

/** A folder as Linux has it, with these zones; `set` moves a zone's counter. */
function powercap(t: ExecutionContext, zones: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-powercap-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const set = (zone: string, microjoules: number) => writeFileSync(join(folder, zone, "energy_uj"), `${microjoules}\n`);
  for (const [zone, name] of Object.entries(zones)) {
    mkdirSync(join(folder, zone));
    writeFileSync(join(folder, zone, "name"), `${name}\n`);
    writeFileSync(join(folder, zone, "max_energy_range_uj"), `${RANGE}\n`);
    set(zone, 0);
  }
  return { folder, set };
}

test("packages and their DRAM count once: not the cores in a package, not the platform around it", (t) => {
  const zones = {
    "intel-rapl:0": "package-0",
    "intel-rapl:0:0": "core",
    "intel-rapl:0:1": "dram",
    "intel-rapl:1": "psys",
  };
  const { folder, set } = powercap(t, zones);
  const meter = openEnergyMeter(folder);
  for (const zone of Object.keys(zones)) set(zone, 2_000_000);
  t.is(meter?.readJoules(), 4);
});

test("a counter that begins anew goes on", (t) => {
  const { folder, set } = powercap(t, { "intel-rapl:0": "package-0" });
  set("intel-rapl:0", RANGE - 1_000_000);
  const meter = openEnergyMeter(folder);
  set("intel-rapl:0", 500_000);
  t.is(meter?.readJoules(), 1.5);
  set("intel-rapl:0", 1_500_000);
  t.is(meter?.readJoules(), 2.5);
});

test("where the machine does not tell, there is no meter", (t) => {
  t.is(openEnergyMeter(powercap(t, {}).folder), undefined);
  t.is(openEnergyMeter("/nowhere/at/all"), undefined);
});

test("what is used up to a step is its stage's, and what validation used is nobody's", (t) => {
  let joules = 0;
  const energy = new StageEnergy({ readJoules: () => joules });
  const after = (used: number, event: object) => {
    joules += used;
    energy.add(event as WatchedEvent);
  };
  after(5, { kind: "opened" });
  after(1, { kind: "step", step: { stage: 0 } });
  after(2, { kind: "step", step: { stage: 1 } });
  after(7, { kind: "epoch" });
  after(4, { kind: "step", step: { stage: 0 } });
  t.deepEqual(Object.fromEntries(energy.joules), { 0: 5, 1: 2 });
});

test("GPUs draw their power until the next line of each, and one that does not tell is left out", async (t) => {
  const told = ["0, 100.00", "1, 50.0", "2, [N/A]", "0, 300.00", "1, 50.0"];
  const program = `for (const line of ${JSON.stringify(told)}) console.log(line); setInterval(() => {}, 1000)`;
  let seconds = 0;
  let heard = () => {};
  const all = new Promise<void>((resolve) => (heard = resolve));
  const clock = () => {
    if (++seconds === 4) queueMicrotask(heard);
    return 1000 * seconds;
  };
  using meter = await openGpuMeter([process.execPath, "-e", program], clock);
  await all;
  t.is(meter?.readJoules(), 300 * 2 + 50 * 2);
});

test("without the tool, or without a GPU, there is no GPU meter", async (t) => {
  t.is(await openGpuMeter(["/nowhere/at/all"]), undefined);
  t.is(await openGpuMeter([process.execPath, "-e", "console.log('No devices were found')"]), undefined);
});
