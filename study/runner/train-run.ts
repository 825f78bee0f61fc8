import { randomUUID } from "node:crypto";
import { PatchstreamError } from "../../plan/errors.js";
import type { TrainerClient, WatchedEvent } from "../../trainer/index.js";
import type { RunResult } from "../run-result.js";
import type { EnergyMeter } from "./energy-meter.js";
import type { Place } from "./places.js";
import type { PreparedRun } from "./prepare-runs.js";
import { ResultTally } from "./result-tally.js";
import { StageEnergy } from "./stage-energy.js";
import type { StudyFolder } from "./study-folder.js";
import { whenGivenBack } from "./when-given-back.js";

export interface TrainRunOptions {
  readonly folder: StudyFolder;
  readonly signal: AbortSignal;
  /** Of the machine that trains this run and nothing else; absent where there is none. */
  readonly meter: EnergyMeter | undefined;
  /** Told once it is known which training it is: the share of its steps that was taken before, or nothing for a new one. */
  readonly onStarted: (before: number | undefined) => void;
  readonly onEvent: (event: WatchedEvent) => void;
}

/** How a run ended: with a result, or with why it has none. */
export type RunOutcome = RunResult | { readonly outcome: "failed"; readonly message: string };

type EndState = Extract<WatchedEvent, { readonly kind: "state" }>["state"];

/**
 * Trains one run to its end, from its last checkpoint where it was begun before. When `signal` aborts, its training is stopped with a checkpoint, and
 * the signal's reason thrown. Throws what the trainer has against the call, UNAVAILABLE where it is gone.
 */
export async function trainRun(
  run: PreparedRun,
  { client, trainer }: Place,
  options: TrainRunOptions,
): Promise<RunOutcome> {
  const { folder, signal, onStarted, meter } = options;
  const { id, before } = await takeUp(run, { client, trainer }, folder);
  onStarted(before);
  // What was used before this session is not known.
  const energy = meter !== undefined && before === undefined ? new StageEnergy(meter) : undefined;
  const onEvent = (event: WatchedEvent) => {
    energy?.add(event);
    options.onEvent(event);
  };
  try {
    let { tally, end } = await watch(client, id, { signal, onEvent });
    const isOpen = end.state === "failed" || end.state === "stopped" || end.state === "interrupted";
    if (before !== undefined && isOpen && !isDivergence(end)) {
      const { addresses } = run.dataset;
      const isItsFolder = (address: string) => address.endsWith(id);
      await whenGivenBack(isItsFolder, () => client.resume(id, { data: addresses }), signal);
      ({ tally, end } = await watch(client, id, { signal, onEvent }));
    }
    if (end.state === "done") return tally.finished(run.point, energy?.joules);
    const { message } = end;
    if (isDivergence(end)) return tally.diverged(run.point, { classes: run.classes, message });
    return { outcome: "failed", message: message === "" ? `it was ${end.state}` : message };
  } catch (error) {
    if (signal.aborted) await client.stop(id).catch(() => undefined); // our own trainer stops by itself when it ends
    throw error;
  }
}

function isDivergence({ state, code }: EndState): boolean {
  return state === "failed" && code === "LOSS_NOT_FINITE";
}

/**
 * The training of a run: that of before where the trainer still has it, or a new one. What the start is called is written down before the trainer is
 * asked: a study that is killed before it hears which training that is asks for the same one again.
 */
async function takeUp(
  run: PreparedRun,
  { client, trainer }: Place,
  folder: StudyFolder,
): Promise<{ readonly id: string; readonly before: number | undefined }> {
  const noted = folder.readStarted(run);
  const started = noted?.trainer === trainer ? noted : undefined;
  const known = new Map(
    (await client.list()).flatMap((one) => (one.state === "damaged" ? [] : [[one.id, one] as const])),
  );
  const begun = (id: string) => {
    const training = known.get(id);
    return training && { id, before: training.stepsTaken / Math.max(1, training.steps) };
  };
  const found = started?.training === undefined ? undefined : begun(started.training);
  if (found !== undefined) return found;
  // That of a training which is gone, or damaged, stands for nothing any more.
  const key = (started?.training === undefined ? started?.key : undefined) ?? randomUUID();
  folder.writeStarted(run, { trainer, key });
  const document = Buffer.from(JSON.stringify(run.document));
  const id = await client.start(document, run.dataset.addresses, { key });
  folder.writeStarted(run, { trainer, key, training: id });
  return begun(id) ?? { id, before: undefined };
}

/** Watches a training from its beginning until it ends, or does not go on. */
async function watch(
  client: TrainerClient,
  id: string,
  { signal, onEvent }: Pick<TrainRunOptions, "signal" | "onEvent">,
): Promise<{ readonly tally: ResultTally; readonly end: EndState }> {
  const tally = new ResultTally();
  let last: EndState | undefined;
  for await (const event of client.watch(id, { signal })) {
    tally.add(event);
    onEvent(event);
    if (event.kind === "state") last = event.state;
  }
  signal.throwIfAborted();
  if (last === undefined)
    throw new PatchstreamError({ code: "INTERNAL", where: `training ${id}`, reason: "its trainer told no state" });
  return { tally, end: last };
}
