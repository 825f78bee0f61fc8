import { open } from "node:fs/promises";
import { PatchstreamError } from "../../plan/errors.js";
import type { GetCheckpointResponse } from "../../proto/messages.js";
import { CHUNK_BYTES } from "../../rpc/codec/framing.js";
import type { Handlers } from "../../rpc/server/implement.js";
import { type CheckpointName, checkpointPath, noCheckpoint } from "../run-folder/checkpoint.js";
import { checkpointName } from "./checkpoint-name.js";
import { describeModel } from "./describe-model.js";
import { fleetMessage } from "./fleet-message.js";
import { answerPrediction, type PredictionOptions } from "./predict.js";
import type { Trainings } from "./trainings.js";

function parseRun(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch (cause) {
    const got = `${bytes.length} bytes`;
    const want = "a run spec as UTF-8 JSON";
    throw new PatchstreamError({ code: "SPEC_INVALID", field: "run", got, want }, undefined, { cause });
  }
}

async function* readChunks(
  folder: string,
  training: string,
  name: CheckpointName,
): AsyncGenerator<GetCheckpointResponse> {
  const opened = await open(checkpointPath(folder, name)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOENT") throw cause;
    throw noCheckpoint(training, name);
  });
  await using checkpoint = opened;
  const { size } = await checkpoint.stat();
  for (let offset = 0; offset < size; ) {
    const { bytesRead, buffer } = await checkpoint.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
    yield { offset, totalBytes: size, data: buffer.subarray(0, bytesRead) };
    offset += bytesRead;
  }
}

/** The trainer's service over `trainings`; what each method promises stands in trainer.proto. */
export function trainerHandlers(trainings: Trainings, predictions: PredictionOptions): Handlers<"TrainerService"> {
  return {
    async startTraining({ run, data, resume, key }, { concern }) {
      if (resume !== "") {
        concern({ training: resume });
        await trainings.resume(resume, data);
        return { training: resume };
      }
      const training = await trainings.start(parseRun(run), data, key);
      concern({ training });
      return { training };
    },
    watchTraining({ training, inShort }, { signal, concern }) {
      concern({ training });
      return trainings.follow(training, inShort, signal);
    },
    async setStage({ training, stage, fromStep, hold }, { concern }) {
      concern({ training });
      const changed = await trainings.setStage(training, { stage, fromStep, hold });
      const { scheduleFrom } = changed;
      return {
        stage: changed.stage,
        fromStep: changed.fromStep,
        ...(scheduleFrom !== undefined && { scheduleFrom }),
      };
    },
    async stopTraining({ training }, { concern }) {
      concern({ training });
      await trainings.stop(training);
      return {};
    },
    async describeTraining({ training }, { concern }) {
      concern({ training });
      const { request, fleet } = trainings.describe(training);
      return { run: Buffer.from(JSON.stringify(request.run)), data: request.data, fleet: fleetMessage(fleet) };
    },
    listTrainings: async () => ({ trainings: trainings.list() }),
    getCheckpoint({ training, checkpoint }, { concern }) {
      concern({ training });
      return readChunks(trainings.place(training).folder, training, checkpointName(checkpoint));
    },
    async describeModel({ training, checkpoint }, { concern }) {
      concern({ training });
      return describeModel(trainings.place(training).folder, training, checkpointName(checkpoint));
    },
    predict: (call) => answerPrediction(call, trainings, predictions),
  };
}
