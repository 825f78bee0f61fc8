import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ingest } from "../../loader/index.js";
import type { RunResult } from "../../study/run-result.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";
import type { Teardown } from "../trainer/processes.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** What the command prints with --json, line by line. */
export type Told = Readonly<Record<string, unknown>>;

/** `patchstream study` in a process of its own. */
export interface StudyProcess {
  /** Resolves when `is` has held for one of its lines, also one of before; rejects where it ends without. */
  until(is: (told: Told, index: number) => boolean): Promise<Told>;
  kill(signal: NodeJS.Signals): void;
  /** Exit code, or the name of the signal that ended it; all that it told. */
  readonly ended: Promise<{ readonly code: number | string; readonly told: readonly Told[]; readonly stderr: string }>;
}

export function startStudy(scope: Teardown, ...args: string[]): StudyProcess {
  const child = spawn(process.execPath, [MAIN, "study", ...args, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  const told: Told[] = [];
  let stderr = "";
  let wake = () => {};
  let isOver = false;
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  createInterface(child.stdout).on("line", (line) => {
    told.push(JSON.parse(line) as Told);
    wake();
  });
  const ended = once(child, "close").then(([code, signal]) => {
    isOver = true;
    wake();
    return { code: (code ?? signal) as number | string, told, stderr };
  });
  scope.teardown(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    ended,
    kill: (signal) => void child.kill(signal),
    async until(is) {
      for (let next = 0; ; ) {
        for (; next < told.length; next++) if (is(told[next] as Told, next)) return told[next] as Told;
        if (isOver) throw new Error(`the study ended: ${stderr}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** A folder with the store of four cases of 16 x 16 x 16 voxels; `study` writes a document into it. */
export async function tinyStudies(scope: Teardown) {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-study-"));
  scope.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const raw = join(folder, "raw");
  writeRawDataset(raw, { ids: ["a", "b", "c", "d"], channelNames: ["MRI"], shape: [16, 16, 16] });
  await ingest(raw, join(folder, "store"), { workers: 0 });
  return {
    folder,
    /** The study's document: two methods at two lengths, some 20 steps each, unless `changes` says otherwise. */
    study(name: string, changes: object = {}): string {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify({ ...TINY, ...changes }));
      return file;
    },
  };
}

export const TINY = {
  datasets: [{ name: "cubes", store: "store", plan: { patchSize: [8, 8, 8], batchSize: 2, pooling: [2, 2, 2] } }],
  networks: [{ name: "small", training: { network: "plain-unet", baseFeatures: 4 } }],
  methods: ["constant", "efficiency"],
  lengths: [50, 100],
  data: { epochs: 4, stepsPerEpoch: 6, valSteps: 1, split: { folds: 2 }, augmentation: "none" },
  training: { learningRate: 0.05, momentum: 0.9, engine: "onnx" },
};

/** Results of the runs in a study's folder that have one, by name. */
export function resultsIn(out: string): ReadonlyMap<string, RunResult> {
  const runs = readdirSync(join(out, "runs")).sort();
  return new Map(
    runs.flatMap((name) => {
      try {
        return [[name, JSON.parse(readFileSync(join(out, "runs", name, "result.json"), "utf8")) as RunResult]];
      } catch {
        return [];
      }
    }),
  );
}

/** A result without what depends on the clock. */
export function withoutTimes(result: RunResult) {
  const { trainingSeconds: _, forwardSeconds: _forward, stages, epochs, ...rest } = result;
  return {
    ...rest,
    stages: stages.map(({ stepSeconds, waitingSeconds, joules, ...stage }) => stage),
    epochs: epochs.map(({ seconds, ...epoch }) => epoch),
  };
}
