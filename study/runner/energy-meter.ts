import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where Linux tells the energy of processors (RAPL). */
const POWERCAP = "/sys/class/powercap";

const MICRO = 1e-6;

/** A counter of joules that only rises. */
export interface EnergyMeter {
  readJoules(): number;
}

/** One counter of the machine: microjoules that begin anew at `rangeMicrojoules`. */
interface Zone {
  readonly file: string;
  readonly rangeMicrojoules: number;
  lastMicrojoules: number;
}

/**
 * The energy of this machine's processors and of the memory that they count: packages and DRAM, each once. Undefined where the machine does not
 * tell it, or not to this user. It must be read more often than a counter begins anew, which is minutes.
 */
export function openEnergyMeter(folder = POWERCAP): EnergyMeter | undefined {
  const zones = zonesIn(folder);
  if (zones.length === 0) return undefined;
  let joules = 0;
  return {
    readJoules() {
      for (const zone of zones) {
        const now = microjoules(zone.file) ?? zone.lastMicrojoules;
        const risen = now - zone.lastMicrojoules;
        joules += MICRO * (risen >= 0 ? risen : risen + zone.rangeMicrojoules);
        zone.lastMicrojoules = now;
      }
      return joules;
    },
  };
}

/** Packages hold their cores, but not their DRAM; `psys` holds them all and is left out. */
function zonesIn(folder: string): Zone[] {
  return namesIn(folder).flatMap((name) => {
    const zone = join(folder, name);
    const what = text(join(zone, "name")) ?? "";
    if (!what.startsWith("package") && what !== "dram") return [];
    const file = join(zone, "energy_uj");
    const [last, range] = [microjoules(file), microjoules(join(zone, "max_energy_range_uj"))];
    return last === undefined || range === undefined ? [] : [{ file, rangeMicrojoules: range, lastMicrojoules: last }];
  });
}

/** Zones are links beside each other, `intel-rapl:0` and `intel-rapl:0:1`; machines with two interfaces have each zone twice. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^intel-rapl:\d+(:\d+)?$/.test(name));
  } catch {
    return []; // no Linux, or a container without it
  }
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined; // for root only, on most machines
  }
}

function microjoules(file: string): number | undefined {
  const read = text(file);
  return read !== undefined && /^\d+$/.test(read) ? Number(read) : undefined;
}
