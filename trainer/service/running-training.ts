import type { FleetStanding, StageChanged } from "../../client/types.js";
import { PatchstreamError } from "../../plan/errors.js";
import { logLines, type ServiceLog } from "../../rpc/server/service-log.js";
import { AFTER_ITS_END, type AskedStage } from "../loop/stage-requests.js";
import type { TrainingJob } from "../loop/training.js";
import type { FromProcess } from "../process/messages.js";
import { receivedFailure } from "../process/sent-failure.js";
import { startJob } from "../process/start.js";
import type { TrainingEvent } from "../run-folder/events.js";

/** A training in its process. */
export interface RunningTraining {
  /** Resolves when its process has ended; rejects with its failure, or PROCESS_DIED. */
  readonly ended: Promise<"done" | "stopped">;
  /** How its data servers did when its process told it last; undefined before. */
  readonly fleet: SeenFleet | undefined;
  /** Ends it after the step in progress. */
  stop(): void;
  /** Resolves when the transition is decided. Throws what the loop has against it, or TRAINING_ENDED. */
  setStage(asked: AskedStage): Promise<StageChanged>;
}

/** How data servers did, and when that was, in milliseconds of `performance.now`. */
export interface SeenFleet {
  readonly standing: FleetStanding;
  readonly seenMs: number;
}

interface Asked {
  resolve(changed: StageChanged): void;
  reject(error: unknown): void;
}

export interface RunningTrainingOptions {
  /** Writes an event down. Where it throws, the training ends with what it threw. */
  readonly emit: (event: TrainingEvent) => void;
  readonly log: ServiceLog;
}

/** Starts a training's process. Throws PROCESS_DIED where the system cannot start one. */
export function startTraining(id: string, job: TrainingJob, { emit, log }: RunningTrainingOptions): RunningTraining {
  const asked = new Map<number, Asked>();
  let asks = 0;
  let fleet: SeenFleet | undefined;
  const settle = (ask: number): Asked | undefined => {
    const found = asked.get(ask);
    asked.delete(ask);
    return found;
  };
  const onMessage = (message: FromProcess): void => {
    if (message.kind === "event") {
      try {
        emit(message.event);
      } catch (error) {
        started.kill(error);
      }
    } else if (message.kind === "fleet") fleet = { standing: message.fleet, seenMs: performance.now() };
    else if (message.kind === "flush") void started.send({ kind: "flushed" });
    else if (message.kind === "stageSet") settle(message.id)?.resolve(message.changed);
    else if (message.kind === "stageRefused") settle(message.id)?.reject(receivedFailure(message.failure));
  };
  const started = startJob("train", job, {
    doing: `trains ${id}`,
    onMessage,
    notice: logLines(log),
    log,
  });
  log({ event: "training-started", training: id, process: started.pid });
  const ended = started.ended.finally(() => {
    const reason = "it was over before the stage was decided";
    for (const { reject } of asked.values())
      reject(new PatchstreamError({ code: "TRAINING_ENDED", training: id, state: "has ended", reason }, AFTER_ITS_END));
  });
  return {
    ended,
    get fleet() {
      return fleet;
    },
    stop: () => void started.send({ kind: "stop" }),
    setStage: (proposal) =>
      new Promise((resolve, reject) => {
        asked.set(++asks, { resolve, reject });
        void started.send({ kind: "setStage", id: asks, asked: proposal });
      }),
  };
}
