import { type EnergyMeter, openEnergyMeter } from "./energy-meter.js";
import { openGpuMeter } from "./gpu-meter.js";

/** The energy of this machine's processors and GPUs together, those that tell it. Undefined where none does. */
export async function openMachineMeter(): Promise<(EnergyMeter & Disposable) | undefined> {
  const processors = openEnergyMeter();
  const gpus = await openGpuMeter();
  if (processors === undefined && gpus === undefined) return undefined;
  return {
    readJoules: () => (processors?.readJoules() ?? 0) + (gpus?.readJoules() ?? 0),
    [Symbol.dispose]: () => gpus?.[Symbol.dispose](),
  };
}
