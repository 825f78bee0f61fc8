/**
 * `node dist/benchmarks/how-many-trainers-does-one-server-feed/run.js`: the utilisation of 1, 2, 4 and 8 emulated trainers of one server with two
 * processors, and what they cost it; prints the tables and writes them to RESULTS.md. Linux. `--steps`, `--rounds`, `--clients ours` and
 * `--trainers 1,4` measure less, `--print-only` writes nothing.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeCtStore } from "../ct-volumes.js";
import type { Figures } from "../figures.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import {
  type CrowdFigures,
  type CrowdOptions,
  hasProcessorsForTrainers,
  measureCrowd,
  measureCutting,
  type Order,
  SERVER_PROCESSORS,
} from "./measure.js";
import type { TrainerClient } from "./trainer.js";

/** Milliseconds of nnU-Net's step on an A100 at 2 x 128^3, MIC-DKFZ/nnUNet#3063. */
const A100_STEP_MS = 130;
/** The largest patches of the curriculum. */
const LAST_STAGE = 9;

const { values } = parseArgs({
  options: {
    trainers: { type: "string", default: "1,2,4,8" },
    clients: { type: "string", default: "ours,counting" },
    steps: { type: "string", default: "40" },
    rounds: { type: "string", default: "3" },
    "print-only": { type: "boolean", default: false },
  },
});

function spread({ median, p5, p95 }: Figures, times: number, digits = 0): string {
  const [middle, low, high] = [median, p5, p95].map((value) => (times * value).toFixed(digits));
  return `${middle} (${low} to ${high})`;
}

function row(crowd: CrowdFigures, one: CrowdFigures | undefined): string {
  const { trainers, order, client, utilisation, serverSeconds, trainerSeconds, cutShare } = crowd;
  const cells = [
    client,
    trainers,
    order === "one" ? "one for all" : "each its own",
    utilisation.map(({ median }) => (100 * median).toFixed(0)).join(" "),
    spread(serverSeconds, 1e3),
    one === undefined ? "" : (serverSeconds.median / one.serverSeconds.median).toFixed(2),
    spread(cutShare, 1, 2),
    crowd.serverProcessors.toFixed(2),
    spread(trainerSeconds, 1e3),
    crowd.trainerProcessors.toFixed(2),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** What of the server's time is cutting and what is carrying: a further trainer of the same digest is carrying only. */
function costs(crowds: readonly CrowdFigures[], engine: Figures): string[] {
  const median = (trainers: number, order: Order) =>
    crowds.find((crowd) => crowd.client === "ours" && crowd.trainers === trainers && crowd.order === order)
      ?.serverSeconds.median;
  const [one, four, apart] = [median(1, "one"), median(4, "one"), median(4, "own")];
  if (one === undefined || four === undefined || apart === undefined) return [];
  const ms = (seconds: number) => `${(1e3 * seconds).toFixed(0)} ms`;
  const carrying = (four - one) / 3;
  return [
    `Four trainers of one digest take the server ${(four / one).toFixed(2)} times the processor time of one; four of their own digests ${(apart / one).toFixed(2)} times.`,
    `Each trainer beyond the first takes ${ms(carrying)} a step, which is carrying; the rest of the first one's ${ms(one)} is cutting, ${ms(one - carrying)}`,
    `(an engine alone, CRC-32 included: ${ms(engine.median)}).`,
    "",
  ];
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const { path, plan } = await makeCtStore(folder);
  const options: CrowdOptions = {
    store: path,
    data: { dataset: "CtSized", plan, mode: "performance", split: { fold: "all" } },
    stage: LAST_STAGE,
    steps: Number(values.steps),
    stepMs: A100_STEP_MS,
    rounds: Number(values.rounds),
  };
  const cutting = await measureCutting(options);
  const crowds: CrowdFigures[] = [];
  const rows: string[] = [];
  for (const client of values.clients.split(",") as TrainerClient[])
    for (const trainers of values.trainers.split(",").map(Number))
      for (const order of trainers === 4 ? (["one", "own"] as const) : (["one"] as const)) {
        const measured = await measureCrowd(options, { trainers, order, client });
        crowds.push(measured);
        const one = crowds.find((crowd) => crowd.client === client && crowd.trainers === 1);
        rows.push(row(measured, one));
        process.stderr.write(`${rows.at(-1)}\n`);
      }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const where = hasProcessorsForTrainers
    ? "processors of its own; the trainers have the others"
    : "processors, which the trainers use too";
  const report = [
    `\`node dist/benchmarks/how-many-trainers-does-one-server-feed/run.js\` (${options.rounds} rounds of ${options.steps} steps of ${A100_STEP_MS} ms; ` +
      `the server has ${SERVER_PROCESSORS} ${where}), load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
    "",
    ...costs(crowds, cutting),
    "| client | trainers | order of data | AU % of each trainer | server, processor ms a step of all: median (p5 to p95) | / one trainer | batches cut / sent | server, processors | a trainer, processor ms a step | trainers, processors |",
    "|---|---|---|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  if (!values["print-only"]) await writeResults("how-many-trainers-does-one-server-feed", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
