import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import type { Messages } from "../../proto/index.js";
import { type Channel, callDuplex, callStream, callUnary, methodOf, openChannel } from "../../rpc/index.js";
import type { TrainingEvent } from "../../trainer/index.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { toldAddress } from "../told-address.js";

type PredictRequest = Messages["PredictRequest"];
type PredictImage = Messages["PredictImage"];
type PredictResponse = Messages["PredictResponse"];

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));

/** What `t.teardown` and ava's hooks have in common. */
export interface Teardown {
  teardown(end: () => unknown): void;
}

export function temporaryFolder({ teardown }: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-trainer-"));
  teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store of the first `count` of the sample's cases; their ids. */
export async function sampleStore(
  scope: Teardown,
  count: number,
): Promise<{ store: string; cases: readonly string[] }> {
  const cases = firstCases(count);
  return { store: await makeSampleStore(temporaryFolder(scope), cases), cases };
}

/** Five stages, 32 steps of a few milliseconds; `data` and `training` change it. */
export function tinyRun(
  cases: readonly string[],
  { data = {}, training = {} }: { data?: object; training?: object } = {},
) {
  return {
    data: {
      dataset: "Task04_Hippocampus",
      split: { train: cases, val: [] },
      valSteps: 0,
      plan: { patchSize: [8, 8, 12], batchSize: 2, pooling: [2, 2, 2] },
      mode: "performance",
      epochs: 8,
      stepsPerEpoch: 4,
      augmentation: "none",
      ...data,
    },
    training: { baseFeatures: 4, learningRate: 0.05, momentum: 0.9, ...training },
  };
}

/** `data` of a tiny run with two stages of two epochs, for what does not depend on how many there are: each costs the trainer half a second. */
export const TWO_STAGES = {
  mode: undefined,
  stages: [
    { patchSize: [8, 8, 8], batchSize: 2, epochs: 2 },
    { patchSize: [8, 8, 12], batchSize: 2, epochs: 2 },
  ],
  epochs: 4,
};

/** As `tinyRun`, in one stage: where the curriculum is not the point, since opening what trains a stage takes longer than its steps. */
export function oneStageRun(
  cases: readonly string[],
  { data = {}, training = {} }: { data?: object; training?: object } = {},
) {
  return tinyRun(cases, { data: { mode: "constant", ...data }, training });
}

export const holdOutLast = (cases: readonly string[]) => ({
  split: { train: cases.slice(0, -1), val: cases.slice(-1) },
});

/** A trainer that tests can be run against: its command, and what differs between trainers. */
interface TrainerUnderTest {
  readonly command: readonly string[];
  /** An engine that is not here, and how its refusal says so; one that it has never heard of. */
  readonly missing: string;
  readonly refusal: RegExp;
  readonly unknown: string;
  /** Share of a label's voxels that the sums of our own engine may decide otherwise. */
  readonly otherVoxels: number;
  /** MiB that one tiny training fits into, and two do not. */
  readonly roomForOne: number;
}

const ours: TrainerUnderTest = {
  command: [process.execPath, MAIN, "trainer", "--engine", "onnx"],
  missing: "tfjs-node-gpu",
  refusal: /npm install/,
  unknown: "torch",
  otherVoxels: 0,
  roomForOne: 600,
};

const other = process.env.CONFORMANCE_TRAINER;

/** Ours, or the PyTorch trainer, whose command is named then, words apart by blanks. */
export const trainerUnderTest: TrainerUnderTest =
  other === undefined
    ? ours
    : {
        command: other.split(" "),
        missing: "torch-cuda",
        refusal: /no GPU/,
        unknown: "onnx",
        otherVoxels: 0.005,
        roomForOne: 1900,
      };

/** A trainer on the CPU that keeps its trainings in `runs`. */
export async function trainerIn(scope: Teardown, runs: string, ...flags: string[]): Promise<Process> {
  const limits = ["--threads", "1", "--predictions", "8"]; // tests of one file share a trainer
  return servingCommand(scope, [...trainerUnderTest.command, "--runs", runs, ...limits, ...flags]);
}

/** The ids of the first `count` of the sample's cases. */
function firstCases(count: number): string[] {
  const ids = readdirSync(join(SAMPLE, "labelsTr")).map((file) => file.replace(".nii.gz", ""));
  return ids.sort().slice(0, count);
}

/** A raw folder with the first `count` of the sample's cases; returns their ids. */
export function copySample(folder: string, count: number): string[] {
  const chosen = firstCases(count);
  for (const sub of ["imagesTr", "labelsTr"]) mkdirSync(join(folder, sub), { recursive: true });
  for (const file of chosen.flatMap((id) => [`imagesTr/${id}_0000.nii.gz`, `labelsTr/${id}.nii.gz`])) {
    cpSync(join(SAMPLE, file), join(folder, file));
  }
  const dataset = JSON.parse(readFileSync(join(SAMPLE, "dataset.json"), "utf8"));
  writeFileSync(join(folder, "dataset.json"), JSON.stringify({ ...dataset, numTraining: count }));
  return chosen;
}

/** A finished command: what it printed. Rejects with `code` and `stderr` where it failed. */
export function patchstream(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return patchstreamWith({}, ...args);
}

/** `patchstream` with more in its environment. */
export function patchstreamWith(
  environment: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [MAIN, ...args], { env: { ...process.env, ...environment } });
}

/** A server in a process of its own. */
export interface Process {
  readonly address: string;
  /** host:port of a data server's lanes. */
  readonly lane?: string;
  /** host:port of its metrics, where they were asked for. */
  readonly metrics?: string;
  readonly pid: number;
  /** The lines that it has written to stderr. */
  readonly said: readonly string[];
  /** Ends it with no chance to do anything. */
  kill(): Promise<void>;
  /** Asks it to end, and waits until it has. */
  end(): Promise<void>;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

/** `patchstream ARGS` from when it serves until the test ends. */
export async function serving(scope: Teardown, ...args: string[]): Promise<Process> {
  return servingCommand(scope, [process.execPath, MAIN, ...args]);
}

async function servingCommand({ teardown }: Teardown, [program = "", ...args]: readonly string[]): Promise<Process> {
  const child = spawn(program, [...args, "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  teardown(() => end(child, "SIGTERM"));
  const lines: string[] = [];
  createInterface(child.stderr).on("line", (line) => lines.push(line));
  const said = await toldAddress(child, () => lines.join("\n"));
  return {
    ...said,
    pid: child.pid ?? 0,
    said: lines,
    kill: () => end(child, "SIGKILL"),
    end: () => end(child, "SIGTERM"),
  };
}

/** What a trainer's log tells of a training. */
export function eventsOf({ said }: Process, training: string): Readonly<Record<string, unknown>>[] {
  return said.map((line) => JSON.parse(line)).filter((event) => event.training === training);
}

export function channelTo({ teardown }: Teardown, { address }: Process): Channel {
  const channel = openChannel(address);
  teardown(() => channel.client.close());
  return channel;
}

export async function start(trainer: Channel, data: Process, run: object, key = ""): Promise<string> {
  const request = { run: Buffer.from(JSON.stringify(run)), data: [data.address], resume: "", key };
  return (await callUnary(trainer, "TrainerService", "startTraining", request)).training;
}

/** Goes on with a training that has ended, at the data servers of before. */
export async function resume(trainer: Channel, training: string): Promise<void> {
  await callUnary(trainer, "TrainerService", "startTraining", {
    run: Buffer.alloc(0),
    data: [],
    resume: training,
    key: "",
  });
}

/** The events of a training, from its first to its last. */
export async function* watch(trainer: Channel, training: string): AsyncGenerator<TrainingEvent> {
  for await (const event of callStream(trainer, "TrainerService", "watchTraining", { training, inShort: false })) {
    if (event.kind !== undefined && event.kind !== "steps") yield event;
  }
}

export async function collect(events: AsyncIterable<TrainingEvent>): Promise<TrainingEvent[]> {
  const all: TrainingEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** What two runs must have in common, step by step. */
export function curve(events: readonly TrainingEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.kind !== "step") return [];
    const { step, stage, loss, checksum, learningRate, gradientNorm } = event.step;
    return [JSON.stringify({ step, stage, loss, checksum, learningRate, gradientNorm })];
  });
}

/** A request to label a case, with what is left out as a caller of old leaves it. */
export const caseToLabel = (asked: { training: string; case: string; data?: string }) =>
  ({ kind: "case", case: { data: "", averageWith: [], withoutMirroring: false, ...asked } }) as const;

/** As `caseToLabel` for the image that follows in chunks. */
export const imageToLabel = (asked: Partial<PredictImage> & Pick<PredictImage, "training" | "tensor">) =>
  ({
    kind: "image",
    image: { geometry: null, spacingMm: [], averageWith: [], withoutMirroring: false, ...asked },
  }) as const;

/** The label that Predict answers `requests` with, its checksum verified. */
export async function predict(trainer: Channel, requests: readonly PredictRequest[]): Promise<Uint8Array> {
  const decode = methodOf("TrainerService", "predict").decodeResponse;
  const call = callDuplex(trainer, "TrainerService", "predict", decode);
  for (const request of requests) call.write(request);
  call.end();
  let label = new Uint8Array();
  let checksum = 0;
  for await (const message of call as AsyncIterable<PredictResponse>) {
    if (message.kind === "volumeBegin") {
      label = new Uint8Array(message.volumeBegin.tensor?.byteLength ?? 0);
    } else if (message.kind === "chunk") label.set(message.chunk.data, message.chunk.offset);
    else if (message.kind === "volumeEnd") checksum = message.volumeEnd.checksum;
  }
  if (crc32(label) !== checksum) throw new Error("the label's checksum does not match");
  return label;
}

export function steps(events: readonly TrainingEvent[]) {
  return events.flatMap((event) => (event.kind === "step" ? [event.step] : []));
}

export function lastState(events: readonly TrainingEvent[]) {
  const last = events.at(-1);
  return last?.kind === "state" ? last.state : undefined;
}
