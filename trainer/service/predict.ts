import type { PredictCase, PredictImage, PredictRequest, PredictResponse } from "../../proto/messages.js";
import { chunkFrame } from "../../rpc/codec/framing.js";
import { Admission } from "../../rpc/server/admission.js";
import type { DuplexCall } from "../../rpc/server/implement.js";
import { logLines, type ServiceLog } from "../../rpc/server/service-log.js";
import type { PredictionJob } from "../inference/prediction.js";
import type { FromProcess } from "../process/messages.js";
import { startJob } from "../process/start.js";
import { checkpointName } from "./checkpoint-name.js";
import { checkAddresses, type DataAccess } from "./data-servers.js";
import type { TrainingEngines } from "./engines.js";
import { type MemoryBudget, takeMemory } from "./memory-budget.js";
import { predictionNeed } from "./prediction-need.js";
import { announcedImage, passImage, refuse } from "./sent-image.js";
import type { SessionSizes } from "./session-sizes.js";
import type { Trainings } from "./trainings.js";

type Call = DuplexCall<PredictRequest, PredictResponse>;

export interface PredictionOptions {
  readonly access: DataAccess;
  readonly engines: TrainingEngines;
  /** CPU threads of one prediction. */
  readonly threadsEach: number;
  readonly memory: MemoryBudget;
  readonly sizes: SessionSizes;
  /** Lets in as many at a time as there may be. */
  readonly admission: Admission;
  readonly log: ServiceLog;
}

/** As many predictions at the same time as `predictions` says, whoever asks for them. */
export function predictionAdmission({ predictions = 2 }: { readonly predictions?: number }): Admission {
  return new Admission({ name: "max_predictions", most: predictions, mostOfPeer: predictions });
}

/** A place among the predictions, given back when it is disposed. Throws SERVER_BUSY. */
function placeIn(admission: Admission, peer: string): Disposable {
  return { [Symbol.dispose]: admission.enter(peer) };
}

/** What `answer` tells its caller, in order. */
interface Answer {
  readonly take: (message: FromProcess) => void;
  /** Resolves when the checkpoints are read. */
  readonly begun: Promise<void>;
  /** Resolves to the label's CRC-32 when all that came has left. */
  sent(): Promise<number>;
}

/** Passes on what the process tells, as it comes. */
function answerTo({ send }: Call): Answer {
  let labelChecksum = 0;
  let last = Promise.resolve();
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const pass = (message: Parameters<typeof send>[0]) => {
    last = last.then(() => send(message));
    last.catch(() => undefined); // `sent` tells
  };
  return {
    begun,
    take(message) {
      if (message.kind === "predictionBegin") {
        begin();
        pass({ kind: "predictionBegin", predictionBegin: message.begin });
      } else if (message.kind === "predicted") pass({ kind: "progress", progress: { share: message.share } });
      else if (message.kind === "label") {
        const { shape, checksum } = message;
        labelChecksum = checksum;
        const byteLength = shape.reduce((product, extent) => product * extent, 1);
        pass({
          kind: "volumeBegin",
          volumeBegin: { tensor: { name: "label", type: "u8", shape, byteLength } },
        });
      } else if (message.kind === "labelBytes") pass(chunkFrame(0, message.offset, message.bytes));
    },
    sent: () => last.then(() => labelChecksum),
  };
}

/** What is asked for. Throws NOT_FOUND for a training, and what is wrong with the request. */
function jobOf(
  first:
    | { readonly kind: "case"; readonly case: PredictCase }
    | { readonly kind: "image"; readonly image: PredictImage },
  trainings: Trainings,
  { access, engines, threadsEach }: PredictionOptions,
): PredictionJob {
  const asked = first.kind === "case" ? first.case : first.image;
  const { folder, data } = trainings.place(asked.training);
  const others = asked.averageWith.map((training) => ({ training, folder: trainings.place(training).folder }));
  let source: PredictionJob["source"];
  if (first.kind === "case") {
    const addresses = first.case.data === "" ? data : [first.case.data];
    checkAddresses(access, addresses);
    source = { kind: "case", case: first.case.case, data: addresses, connection: access.connection };
  } else source = announcedImage(first.image);
  return {
    trainings: [{ training: asked.training, folder }, ...others],
    checkpoint: checkpointName(asked.checkpoint),
    mirror: !asked.withoutMirroring,
    engine: engines.chosen("auto"),
    threads: threadsEach,
    source,
  };
}

/**
 * Answers one Predict call: a case or an image in, its label out. It is made in a process of its own, which a caller that leaves
 * ends.
 */
export async function answerPrediction(call: Call, trainings: Trainings, options: PredictionOptions): Promise<void> {
  const requests = call.requests[Symbol.asyncIterator]();
  const { value: first } = await requests.next();
  if (first?.kind !== "case" && first?.kind !== "image") return refuse("kind", first?.kind, "case or image, first");
  call.concern({ training: (first.kind === "case" ? first.case : first.image).training });
  const job = jobOf(first, trainings, options);
  const { admission, memory, sizes, log } = options;

  using _place = placeIn(admission, call.caller.peer);
  using _memory = takeMemory(memory, await predictionNeed(job, sizes));
  const answer = answerTo(call);
  const started = startJob("predict", job, {
    doing: `labels an image with training ${job.trainings[0].training}`,
    onMessage: answer.take,
    notice: logLines(log),
    log,
  });
  const leave = () => started.kill(call.signal.reason);
  call.signal.addEventListener("abort", leave, { once: true });
  try {
    const { source } = job;
    if (source.kind === "image") {
      // The image is read when its process can take it. Where that refuses it, what is left of it is not waited for.
      const passing = answer.begun.then(() => passImage(requests, source.shape, started.send));
      await Promise.race([passing, started.ended]);
    }
    await started.ended;
    const checksum = await answer.sent();
    await call.send({ kind: "volumeEnd", volumeEnd: { checksum } });
  } catch (error) {
    started.kill(error);
    throw error;
  } finally {
    call.signal.removeEventListener("abort", leave);
  }
}
