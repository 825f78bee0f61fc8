/**
 * `PYTHON=... node dist/benchmarks/how-long-is-the-road-beside-nnunet/run.js RAW_FOLDER`: from raw images to labels of new images of subjects that were
 * never seen, with patchstream's commands and with nnU-Net's (its package in the environment of PYTHON), on the same two processors, one after the
 * other: the same network, batch, steps, rates, augmentation and fold. Ours has a growing patch (PGPS-Performance) and, as a second road, a constant
 * one. RAW_FOLDER has a `cases.csv` that names subjects. Writes its table to RESULTS.md.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mode } from "../../plan/index.js";
import { startServer } from "../child.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { type Leg, leg } from "./commands.js";
import { DATASET, prepareRoad, type Road } from "./prepare.js";

const CLI = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const FEATURES = 8;
const BATCH = 2;
/** nnU-Net's shortest trainer that is longer than one epoch: five epochs of 250 steps and 50 for validation. */
const STEPS = 1250;
const THREADS = "2";

interface Ended {
  readonly name: string;
  readonly legs: readonly Leg[];
  readonly meanDice: number;
}

const ours = (...args: string[]) => [process.execPath, CLI, ...args] as [string, ...string[]];

async function meanDice(labels: string): Promise<number> {
  const summary = JSON.parse(await readFile(join(labels, "summary.json"), "utf8")) as {
    foreground_mean: { Dice: number };
  };
  return summary.foreground_mean.Dice;
}

async function ourRoad(road: Road, folder: string, mode: Mode): Promise<Ended> {
  const [store, runs, labels, run] = ["store", "runs", "labels", "run.json"].map((name) => join(folder, mode, name));
  if (!store || !runs || !labels || !run) throw new Error("unreachable");
  const legs = [await leg(`ingest ${DATASET} store`, ours("ingest", road.raw, store))];
  const spec = {
    data: {
      dataset: DATASET,
      mode,
      plan: { patchSize: [40, 56, 40], batchSize: BATCH, pooling: [3, 3, 3] },
      epochs: 25,
      stepsPerEpoch: STEPS / 25,
      valSteps: 10,
      deepSupervision: true,
    },
    training: { baseFeatures: FEATURES },
  };
  await writeFile(run, JSON.stringify(spec));
  {
    await using data = await startServer(CLI, ["serve", store, "--port", "0", "--json", "--log-level", "silent"]);
    await using trainer = await startServer(CLI, [
      ...["trainer", "--port", "0", "--runs", runs, "--threads", THREADS, "--json", "--log-level", "silent"],
    ]);
    const command = ours("train", "--data", data.address, "--trainer", trainer.address, "--run", run);
    legs.push(await leg("train --data ... --trainer ... --run run.json", command));
  }
  const [training = ""] = (await readdir(runs)).filter((name) => !name.startsWith("."));
  const model = join(runs, training);
  legs.push(
    await leg("predict runs/TRAINING imagesNew --out labels", ours("predict", model, road.imagesNew, "--out", labels)),
  );
  legs.push(await leg("evaluate labels labelsNew", ours("evaluate", labels, road.labelsNew)));
  return { name: `patchstream, ${mode}`, legs, meanDice: await meanDice(labels) };
}

/** nnU-Net's plan with the network and the batch of ours. */
async function samePlan(file: string): Promise<void> {
  const plans = JSON.parse(await readFile(file, "utf8")) as {
    configurations: Record<
      string,
      { batch_size: number; architecture: { arch_kwargs: { features_per_stage: number[] } } }
    >;
  };
  const full = plans.configurations["3d_fullres"];
  if (full === undefined) throw new Error(`${file} has no configuration 3d_fullres`);
  full.batch_size = BATCH;
  const network = full.architecture.arch_kwargs;
  network.features_per_stage = network.features_per_stage.map((_, level) => FEATURES * 2 ** level);
  await writeFile(file, JSON.stringify(plans, null, 2));
}

async function theirRoad(road: Road, folder: string, python: string): Promise<Ended> {
  const [preprocessed, results, labels] = ["preprocessed", "results", "nnunet-labels"].map((name) =>
    join(folder, name),
  );
  if (!preprocessed || !results || !labels) throw new Error("unreachable");
  const env = {
    nnUNet_raw: dirname(road.raw),
    nnUNet_preprocessed: preprocessed,
    nnUNet_results: results,
    nnUNet_n_proc_DA: THREADS,
    OMP_NUM_THREADS: THREADS,
  };
  const command = (name: string, args: string) => {
    const words = args.replaceAll("LABELS", labels).replaceAll("NEW", road.imagesNew).split(" ");
    return leg(`${name} ${args}`, [join(dirname(python), name), ...words], env);
  };
  const legs = [await command("nnUNetv2_plan_and_preprocess", `-d 4 -c 3d_fullres -np ${THREADS}`)];
  await samePlan(join(preprocessed, DATASET, "nnUNetPlans.json"));
  const trainer = "-tr nnUNetTrainer_5epochs";
  legs.push(await command("nnUNetv2_train", `4 3d_fullres 0 ${trainer} -device cpu`));
  legs.push(await command("nnUNetv2_predict", `-i NEW -o LABELS -d 4 -c 3d_fullres -f 0 ${trainer} -device cpu`));
  const plan = join(results, DATASET, "nnUNetTrainer_5epochs__nnUNetPlans__3d_fullres");
  const files = ["-djfile", join(plan, "dataset.json"), "-pfile", join(plan, "plans.json")];
  const evaluate = join(dirname(python), "nnUNetv2_evaluate_folder");
  legs.push(
    await leg("nnUNetv2_evaluate_folder labelsNew labels ...", [evaluate, road.labelsNew, labels, ...files], env),
  );
  return { name: "nnU-Net", legs, meanDice: await meanDice(labels) };
}

function table({ name, legs, meanDice }: Ended): string {
  const rows = legs.map(({ typed, seconds }) => `| \`${typed}\` | ${seconds.toFixed(0)} s |`);
  const all = legs.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    `| ${name}: mean foreground Dice of the new images ${meanDice.toFixed(3)} | ${(all / 60).toFixed(1)} min |`,
    "|---|---|",
    ...rows,
  ].join("\n");
}

const [folder] = process.argv.slice(2);
const python = process.env.PYTHON;
if (folder === undefined || python === undefined)
  throw new Error(
    "run it as PYTHON=VENV/bin/python node dist/benchmarks/how-long-is-the-road-beside-nnunet/run.js RAW_FOLDER",
  );
const work = await mkdtemp(join(tmpdir(), "patchstream-road-"));
try {
  const road = await prepareRoad(folder, work);
  const ended: Ended[] = [];
  for (const walk of [
    () => ourRoad(road, work, "performance"),
    () => theirRoad(road, work, python),
    () => ourRoad(road, work, "constant"),
  ]) {
    ended.push(await walk());
    process.stderr.write(`${table(ended.at(-1) as Ended)}\n`);
  }
  const about = Object.entries(machine()).map(([key, value]) => `${key} ${value}`);
  const report = [
    `\`run.js\` with ${road.cases} cases to train on and ${road.newCases} new ones of other subjects; plain U-Net with ${FEATURES} features, 40x56x40, batch ${BATCH}, ${STEPS} steps, ` +
      `deep supervision, nnU-Net's augmentation and rates, ${THREADS} threads; load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
    ...ended.flatMap((one) => ["", table(one)]),
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("how-long-is-the-road-beside-nnunet", report);
} finally {
  await rm(work, { recursive: true, force: true });
}
