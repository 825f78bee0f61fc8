import { execFileSync } from "node:child_process";
import { loadavg } from "node:os";
import { join } from "node:path";
import { machine } from "../machine.js";
import { measureUtilisation } from "./accelerator.js";
import { type Arm, type ArmCommand, startArm } from "./arm.js";
import { armCommands } from "./arms.js";
import type { Augmentation } from "./job.js";
import { type MeasuredPlan, makeMeasuredPlans } from "./measured-plans.js";
import { measureRates, type Pair, type StageRates } from "./rates.js";
import { memoryTable, ratesTable, utilisationTable } from "./tables.js";

export interface ReportOptions {
  readonly folder: string;
  readonly environments: string;
  /** Stages whose cutting is measured; default all. Of the other parts it is the first, middle and last. */
  readonly stages: readonly number[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
}

type Plans = Awaited<ReturnType<typeof makeMeasuredPlans>>;
type Commands = ReturnType<typeof armCommands>;

/** The one processor that an arm has while cutting is measured; the other ones are the measuring process's. */
const PROCESSOR = 0;
const PROVEN_SAMPLES = 12;
const MEMORY_WORKERS = [1, 2, 4];
const STEPS = 12;
/** What is read ahead into buffers is little beside what this many times the least measurement carries. */
const STREAM_TIMES = 2;
/** Augmented batches differ in what is drawn, and so in time. */
const AUGMENTED_TIMES = 2;

/** Seconds of nnU-Net's step on an A100 at 2 x 128^3, MIC-DKFZ/nnUNet#3063: 302 ms an iteration, 173 of them waiting for its loader. */
const A100_STEP_SECONDS = 0.13;
/** Seconds of a PyTorch step on two cores at each stage of PGPS-Performance, 40x56x40, batch 2, 8 base features. */
const CPU_STEP_SECONDS = [
  0.547, 0.529, 0.432, 0.422, 0.444, 0.417, 0.396, 0.386, 0.388, 0.378, 0.39, 0.33, 0.282, 0.365, 0.411,
];

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function allStages({ stages }: MeasuredPlan, chosen: readonly number[] | undefined): readonly number[] {
  return (chosen ?? stages.map((_, index) => index)).filter((stage) => stage < stages.length);
}

/** First, middle and last. */
function someStages({ stages }: MeasuredPlan): readonly number[] {
  const last = stages.length - 1;
  return [0, last >> 1, last];
}

async function started<const Commands extends readonly ArmCommand[], Result>(
  commands: readonly [...Commands],
  use: (arms: { [Index in keyof Commands]: Arm }) => Promise<Result>,
): Promise<Result> {
  const arms = commands.map(startArm);
  try {
    return await use(arms as { [Index in keyof Commands]: Arm });
  } finally {
    await Promise.all(arms.map((arm) => arm[Symbol.asyncDispose]()));
  }
}

async function cutting(plans: Plans, commands: Commands, options: ReportOptions): Promise<string[]> {
  const { engine, engineSplit, nnunet, monai, torchio, memcpy } = commands;
  const onOneCore = (command: ArmCommand): ArmCommand => ({ ...command, processor: PROCESSOR });
  return started(
    [
      onOneCore(engine),
      onOneCore(engineSplit),
      onOneCore(nnunet),
      onOneCore(monai),
      onOneCore(torchio),
      onOneCore(memcpy),
    ],
    async ([eachCase, twoCases, nnunet, monai, torchio, memcpy]) => {
      const peers: Pair[] = [
        { ours: eachCase, theirs: nnunet, strategy: "nnunet", sameWork: true },
        { ours: twoCases, theirs: monai, strategy: "split-crop", sameWork: true },
        { ours: twoCases, theirs: torchio, strategy: "split-crop", sameWork: true },
      ];
      const limit: Pair = { ours: twoCases, theirs: memcpy, strategy: "split-crop", sameWork: false };
      const lines: string[] = [];
      for (const plan of [plans.hippocampus, plans.ct])
        for (const augmentation of ["none", "nnunet"] as const) {
          const pairs = augmentation === "none" ? [...peers, limit] : peers;
          const rates: StageRates[] = [];
          for (const stage of allStages(plan, options.stages)) {
            const seconds = options.seconds * (augmentation === "none" ? 1 : AUGMENTED_TIMES);
            const rateOptions = {
              ...options,
              seconds,
              provenSamples: PROVEN_SAMPLES,
              workers: 0,
              clock: "cpu",
            } as const;
            rates.push(await measureRates(pairs, { plan, stage, augmentation }, rateOptions));
            progress(ratesTable(rates.slice(-1)));
          }
          lines.push(
            `### ${plan.title}: batches a core-second, augmentation ${augmentation}`,
            "",
            ratesTable(rates),
            "",
          );
        }
      return lines;
    },
  );
}

async function stream(plans: Plans, commands: Commands, options: ReportOptions): Promise<string[]> {
  const { stream: ours, bare, tcp, tfData, tfDataCached } = commands;
  return started([ours, tfData, tfDataCached, bare, tcp], async ([ours, tfData, ...limits]) => {
    const strategy = "split-crop";
    const pairs: Pair[] = [
      { ours, theirs: tfData, strategy, sameWork: true },
      ...limits.map((theirs): Pair => ({ ours, theirs, strategy, sameWork: false })),
    ];
    const lines: string[] = [];
    for (const plan of [plans.hippocampus, plans.ct]) {
      const rates: StageRates[] = [];
      for (const stage of someStages(plan)) {
        const what = { plan, stage, augmentation: "none" } as const;
        const seconds = options.seconds * STREAM_TIMES;
        rates.push(
          await measureRates(pairs, what, {
            ...options,
            seconds,
            provenSamples: PROVEN_SAMPLES,
            workers: 2,
            clock: "wall",
          }),
        );
        progress(ratesTable(rates.slice(-1)));
      }
      lines.push(`### ${plan.title}: batches a second carried to another process`, "", ratesTable(rates), "");
    }
    return lines;
  });
}

async function accelerator(
  plans: Plans,
  commands: Commands,
  augmentation: Augmentation,
  options: ReportOptions,
): Promise<string[]> {
  const { rounds } = options;
  return started([commands.stream, commands.nnunet], async (arms) => {
    const rows = [];
    for (const plan of [plans.hippocampusBatch2, plans.ct])
      for (const stage of someStages(plan)) {
        const stepSeconds = plan === plans.ct ? A100_STEP_SECONDS : (CPU_STEP_SECONDS[stage] as number);
        rows.push(await measureUtilisation(arms, { plan, stage, augmentation }, { rounds, steps: STEPS, stepSeconds }));
        progress(utilisationTable(rows.slice(-1)));
      }
    return [`### Accelerator utilisation, one worker, augmentation ${augmentation}`, "", utilisationTable(rows), ""];
  });
}

async function memory({ ct }: Plans, commands: Commands, augmentation: Augmentation): Promise<string[]> {
  const { engine, stream: server, nnunet, monai, torchio } = commands;
  const rows: { name: string; bytes: number[] }[] = [];
  for (const command of [engine, server, nnunet, monai, torchio]) {
    const bytes: number[] = [];
    for (const workers of MEMORY_WORKERS)
      bytes.push(
        await started([command], async ([arm]) => {
          await arm.open(ct.job({ stage: ct.stages.length - 1, augmentation, strategy: "nnunet", workers }));
          await arm.prove(4 * workers + 16);
          return arm.memoryBytes();
        }),
      );
    rows.push({ name: command.name, bytes });
    progress(memoryTable(rows.slice(-1), MEMORY_WORKERS));
  }
  const title = `### Memory of all processes, ${ct.title}, last stage, augmentation ${augmentation}`;
  return [title, "", memoryTable(rows, MEMORY_WORKERS), ""];
}

function versions(environments: string): string {
  const python = (environment: string, packages: string[]) =>
    execFileSync(
      join(environments, environment, "bin", "python"),
      [
        "-c",
        "import sys; from importlib.metadata import version; print(*(f'{p} {version(p)}' for p in sys.argv[1:]), sep='; ')",
        ...packages,
      ],
      { encoding: "utf8" },
    ).trim();
  const loaders = ["torch", "nnunetv2", "batchgeneratorsv2", "monai", "torchio", "numpy"];
  return `${python("loaders", loaders)}; ${python("tensorflow", ["tensorflow-cpu"])}`;
}

export type Part = "cutting" | "stream" | "accelerator" | "memory";

/** Measures each of `parts`, and gives what it found as Markdown. */
export async function* reports(
  parts: readonly string[],
  options: ReportOptions,
): AsyncGenerator<{ part: Part; text: string }> {
  const { environments, folder, rounds, seconds } = options;
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const plans = await makeMeasuredPlans(folder);
  const commands = armCommands(environments);
  const measure: Record<Part, () => Promise<string[]>> = {
    cutting: () => cutting(plans, commands, options),
    stream: () => stream(plans, commands, options),
    accelerator: () => accelerator(plans, commands, "nnunet", options),
    memory: () => memory(plans, commands, "nnunet"),
  };
  for (const part of ["cutting", "stream", "accelerator", "memory"] as const) {
    if (!parts.includes(part)) continue;
    const lines = await measure[part]();
    const load = `load average ${loadavg()[0]?.toFixed(1)} at the end`;
    const head = `\`npm run bench:peers -- --only ${part}\` (${rounds} rounds of at least ${seconds} s; ${load}): ${about.join("; ")}; ${versions(environments)}.`;
    yield { part, text: [head, "", ...lines].join("\n").trimEnd() };
  }
}
