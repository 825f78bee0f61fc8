import { Command, InvalidArgumentError, Option } from "commander";
import { MODE_DEFAULTS, type Mode, planStages, type Stage, voxelCount } from "../../plan/index.js";
import { sizeText } from "../columns.js";
import { countProgress } from "../count-progress.js";
import { type CommonOptions, printJson } from "../output.js";
import {
  addNetworkOptions,
  modeOption,
  type NetworkOptions,
  networkSources,
  numeric,
  readPlan,
} from "../plan/network-options.js";
import { readRunSpec, runOption } from "../run-flag.js";
import { addStoreFlags, STORE, type StoreFlags, storeArguments } from "../store-flags.js";
import { oneOrMore } from "../whole-number.js";
import { type BatchCost, STATED, type StatedAugmentation, statedBytes, statedCost } from "./batch-cost.js";
import { fleetSize, type ServerMachine, type StageLoad, type Trainers } from "./fleet-size.js";
import { measureCost } from "./measure-cost.js";
import { sizeTable } from "./size-table.js";

interface SizeOptions extends CommonOptions, NetworkOptions, StoreFlags {
  readonly gpus: number;
  readonly stepMs: readonly number[];
  readonly ranks: number;
  readonly sameOrder: number;
  readonly store?: string;
  readonly run?: string;
  readonly mode: Mode;
  readonly channels: number;
  readonly augmentation: StatedAugmentation;
  readonly serverProcessors: number;
  readonly serverGbits: number;
}

/** `patchstream size`: how many data servers a number of trainers needs at each stage, and what each server must have. */
export function sizeCommand(): Command {
  const command = new Command("size")
    .description("Say how many data servers so many GPUs need at each stage of a run, and what each server must have.")
    .requiredOption("--gpus <count>", "GPUs that train at the same time", oneOrMore)
    .requiredOption(
      "--step-ms <ms,...>",
      "a training step's milliseconds at the stage with the most voxels a batch, where other stages take their share of it; or one number for each stage",
      stepTimes,
    )
    .option("--ranks <count>", "GPUs of one training, which share every batch", oneOrMore, 1)
    .option("--same-order <count>", "trainings with one order of data, which a server cuts for once", oneOrMore, 1)
    .option("--store <store>", `measure a batch's cost on this machine, from this store, ${STORE}; with --run`)
    .addOption(runOption());
  return addNetworkOptions(addStoreFlags(command))
    .addOption(modeOption())
    .option("--channels <count>", "image channels, where no store says it", oneOrMore, 1)
    .addOption(
      new Option(
        "--augmentation <name>",
        'where no store is measured: "nnunet", nnU-Net\'s augmentation; "none", plain crops',
      )
        .choices(STATED)
        .default("nnunet"),
    )
    .option("--server-processors <count>", "processors, and workers, of one data server", oneOrMore, 8)
    .option("--server-gbits <number>", "network of one data server in Gbit/s", aboveZero, 10)
    .addHelpText(
      "after",
      `
Examples:
  $ patchstream size --gpus 512 --step-ms 130 --plans nnUNetPlans.json
  $ patchstream size --gpus 8 --step-ms 130 --store stores/liver --run run.json`,
    )
    .action((options: SizeOptions) => size(command, options));
}

function aboveZero(text: string): number {
  const number = numeric(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}

function stepTimes(text: string): number[] {
  return text.split(",").map(aboveZero);
}

/** The stages of a plan are the same for any number of epochs that has room for them. */
const EPOCHS = 1000;

/** The stages, what a batch of each costs, and what all volumes take where that is known. */
interface Costs {
  readonly stages: readonly Pick<Stage, "patchSize" | "batchSize">[];
  readonly costs: readonly BatchCost[];
  readonly bytes: readonly number[];
  readonly volumeBytes?: number;
}

async function size(command: Command, options: SizeOptions): Promise<void> {
  const { gpus, ranks, sameOrder, serverProcessors, serverGbits, json } = options;
  checkUse(command, options);
  const { stages, costs, bytes, volumeBytes } = await costsOf(command, options);
  const times = stepTimesOf(stages, options.stepMs);
  const loads = stages.map(
    ({ patchSize, batchSize }, stage): StageLoad => ({
      stage,
      patchSize,
      batchSize,
      batchBytes: bytes[stage] as number,
      stepMs: times[stage] as number,
      cost: costs[stage] as BatchCost,
    }),
  );
  const trainers: Trainers = { gpus, ranks, sameOrder };
  const machine: ServerMachine = { processors: serverProcessors, gbitPerSecond: serverGbits };
  const fleet = fleetSize(loads, trainers, machine, volumeBytes);
  const source = options.store === undefined ? "stated" : "measured";
  if (json) printJson({ ...trainers, server: machine, source, ...fleet });
  else process.stdout.write(sizeTable(fleet, { trainers, machine, source }));
}

/** Wrong use ends with exit code 2. */
function checkUse(command: Command, options: SizeOptions): void {
  const { gpus, ranks, sameOrder, store, run } = options;
  if (gpus % ranks !== 0) command.error(`error: ${gpus} GPUs do not divide into trainings of ${ranks} (--ranks)`);
  if (sameOrder > gpus / ranks)
    command.error(`error: --same-order ${sameOrder} is more than the ${gpus / ranks} trainings that there are`);
  if ((store === undefined) !== (run === undefined)) command.error("error: --store and --run go together");
  if (networkSources(options) + Number(store !== undefined) !== 1)
    command.error(
      "error: give one of --store FOLDER with --run FILE, --plans FILE, or --patch-size with --batch-size and --pooling",
    );
}

function checkStages(command: Command, stages: Costs["stages"], { stepMs, ranks }: SizeOptions): void {
  if (stepMs.length !== 1 && stepMs.length !== stages.length)
    command.error(
      `error: --step-ms has ${stepMs.length} numbers; the run has ${stages.length} stages: give one, or ${stages.length}`,
    );
  const small = stages.findIndex(({ batchSize }) => batchSize < ranks);
  const { patchSize, batchSize } = stages[small] ?? {};
  if (patchSize !== undefined)
    command.error(`error: --ranks ${ranks}: stage ${small} (${sizeText(patchSize)}) has a batch of ${batchSize}`);
}

async function costsOf(command: Command, options: SizeOptions): Promise<Costs> {
  const { store, run, mode, channels, augmentation } = options;
  if (store !== undefined && run !== undefined) {
    const progress = countProgress({ done: "measured", unit: "stages" });
    const { info, ...measured } = await measureCost(
      [store, ...storeArguments(options, command)],
      readRunSpec(run).data,
      {
        check: ({ spec }) => checkStages(command, spec.stages, options),
        tell: progress.show,
      },
    ).finally(progress.stop);
    return { stages: info.spec.stages, ...measured };
  }
  const { foregroundFraction } = MODE_DEFAULTS[mode];
  const plan = readPlan(options);
  const stages = planStages(mode, { plan, epochs: EPOCHS, foregroundFraction, rounding: "floor", budgetFraction: 1 });
  checkStages(command, stages, options);
  return {
    stages,
    costs: stages.map((stage) => statedCost(stage, { channels, augmentation })),
    bytes: stages.map((stage) => statedBytes(stage, channels)),
  };
}

/** Each stage's own, or its share of the longest step by the voxels of its batch. */
function stepTimesOf(stages: Costs["stages"], given: readonly number[]): readonly number[] {
  const [longest = 0] = given;
  if (given.length > 1) return given;
  const voxels = stages.map(({ patchSize, batchSize }) => batchSize * voxelCount(patchSize));
  const most = Math.max(...voxels);
  return voxels.map((count) => (longest * count) / most);
}
