import { Command, Option } from "commander";
import { type Carrier, connect } from "../../client/index.js";
import { checkStage, type ResolvedSpec, type Stage } from "../../plan/index.js";
import { allVolumeBytes } from "../all-volume-bytes.js";
import { dataOption } from "../batch-flags.js";
import { alignColumns, sizeText } from "../columns.js";
import { addCallFlags, addCarrierFlag, type CallFlags, type CarrierFlag, callOptions } from "../connection-flags.js";
import { countProgress } from "../count-progress.js";
import { type CommonOptions, printJson } from "../output.js";
import { readRunSpec, runOption } from "../run-flag.js";
import { oneOrMore, wholeNumber } from "../whole-number.js";
import { tellEngines } from "./engines.js";
import { holdVolumes } from "./hold-volumes.js";
import { measureStage, passesOf } from "./measure-stage.js";
import { advice, type Diagnosis, diagnose, PARTS } from "./time-parts.js";

interface DoctorOptions extends CommonOptions, CallFlags, CarrierFlag {
  readonly data?: readonly string[];
  readonly run?: string;
  readonly stepMs: number;
  readonly stages?: readonly number[];
  readonly passMs: number;
}

function stageList(text: string): number[] {
  return text.split(",").map(wholeNumber);
}

/** `patchstream doctor`: which engines can train here; of a run, what sets the pace between two batches, and what to change. */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description(
      "Find out which engines can train on this machine; of a run, what it waits for: fetching, cutting, carrying, or its own step.",
    )
    .addOption(dataOption())
    .addOption(runOption())
    .addOption(
      new Option("--step-ms <ms>", "milliseconds that a training step takes")
        .argParser(wholeNumber)
        .default(0, "none: batches are taken as fast as they come"),
    )
    .option("--stages <list>", "stages to look at, as 0,7,14 (default: the first, the middle and the last)", stageList)
    .option("--pass-ms <ms>", "shortest time of each of a stage's 26 measurements (31 with a step)", oneOrMore, 1000);
  return addCarrierFlag(addCallFlags(command))
    .addHelpText(
      "after",
      "\nExamples:\n  $ patchstream doctor\n  $ patchstream doctor --data localhost:7070 --run run.json --step-ms 130",
    )
    .action(doctor);
}

/** What was found at one stage. */
interface Finding extends Omit<Diagnosis, "longest"> {
  readonly stage: number;
  readonly patchSize: readonly number[];
  readonly batchSize: number;
  readonly stepMs: number;
  /** What carried the batches. */
  readonly carrier: Carrier;
  readonly advice: string;
}

async function doctor({ data, run, ...options }: DoctorOptions, command: Command): Promise<void> {
  if (data !== undefined && run !== undefined) return measureRun({ data, run, ...options });
  if (data === undefined && run === undefined) return tellEngines(options);
  const missing = data === undefined ? "--data <addresses>" : "--run <file>";
  command.error(`error: a run is measured with --data and --run; ${missing} is not given`);
}

async function measureRun(options: DoctorOptions & { data: readonly string[]; run: string }): Promise<void> {
  const { data, run, stepMs, passMs, stages, json, carrier, ...flags } = options;
  const { data: dataSpec } = readRunSpec(run);
  await using client = connect(data, { ...callOptions(flags), carrier });
  const { spec } = await client.describeRun(dataSpec);
  const dataset = await client.describeDataset();
  const hold = async (few: ResolvedSpec) => {
    for (const address of data) {
      await using one = connect(address, callOptions(flags));
      await holdVolumes(one, few, dataset);
    }
  };
  const about = { wire: spec.wire, volumeBytes: allVolumeBytes(dataset) };
  const findings: Finding[] = [];
  const chosen = chosenStages(spec, stages);
  const progress = countProgress({ done: "measured", unit: "passes" });
  const passes = chosen.length * passesOf(stepMs);
  let passed = 0;
  const onPass = () => progress.show(++passed, passes);
  try {
    progress.show(passed, passes);
    for (const stage of chosen) {
      const { patchSize, batchSize } = spec.stages[stage] as Stage;
      const { rounds, carrier } = await measureStage(client, { spec, dataset, stage, stepMs, passMs, hold, onPass });
      const diagnosis = diagnose(rounds);
      const { longest: _, ...found } = diagnosis;
      findings.push({ stage, patchSize, batchSize, stepMs, carrier, ...found, advice: advice(diagnosis, about) });
    }
  } finally {
    progress.stop();
  }
  if (json) printJson({ stages: findings });
  else process.stdout.write(findingsText(findings));
}

function chosenStages({ stages }: ResolvedSpec, given: readonly number[] | undefined): readonly number[] {
  const last = stages.length - 1;
  const chosen = given ?? [...new Set([0, last >> 1, last])];
  for (const stage of chosen) checkStage({ stages }, "train", stage);
  return chosen;
}

function findingsText(findings: readonly Finding[]): string {
  const header = ["stage", "patch", "batch", "ms a batch", ...PARTS, "(augmentation)", "step", "utilisation"];
  const rows = findings.map(({ stage, patchSize, batchSize, intervalMs, partsMs, ...found }) => [
    `${stage}`,
    sizeText(patchSize),
    `${batchSize}`,
    intervalMs.toFixed(1),
    ...PARTS.map((part) => partsMs[part].toFixed(1)),
    found.augmentationMs.toFixed(1),
    found.stepMs === 0 ? "-" : `${found.stepMs}`,
    found.utilisation === undefined ? "-" : `${Math.round(100 * found.utilisation)} %`,
  ]);
  const verdicts = findings.map(({ stage, limit, advice }) => {
    return `stage ${stage}: ${limit === "unclear" ? "not clear" : `${limit} sets the pace`}: ${advice}\n`;
  });
  return [
    alignColumns([header, ...rows], []),
    `fetch, cut and carry (${carriersText(findings)}) overlap; the longest sets the pace, unless the step is longer\n\n`,
    ...verdicts,
  ].join("");
}

function carriersText(findings: readonly Finding[]): string {
  const names: Readonly<Record<Carrier, string>> = { grpc: "over gRPC", lane: "over a lane" };
  return [...new Set(findings.map(({ carrier }) => names[carrier]))].join(" and ");
}
