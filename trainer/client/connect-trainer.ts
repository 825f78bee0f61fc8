import type { WaitOptions } from "../../client/types.js";
import { PatchstreamError } from "../../plan/errors.js";
import { voxelCount } from "../../plan/zyx.js";
import type { PredictImage } from "../../proto/messages.js";
import { callUnary } from "../../rpc/client/call.js";
import { openChannel } from "../../rpc/client/channel.js";
import type { MethodName, RequestOf, ResponseOf } from "../../rpc/service.js";
import { kindOf } from "../checkpoint-words.js";
import { stateWord } from "../state-words.js";
import { describedModel } from "./describe-model.js";
import { describedFleet } from "./described-fleet.js";
import { fetchCheckpoint } from "./fetch-checkpoint.js";
import { imageRequests, predict } from "./predict.js";
import type { ImageToLabel, PredictOptions, RunSpecInput, TrainerClient, TrainerConnectOptions } from "./types.js";
import { watchInShort, watchTraining } from "./watch.js";

const DEADLINE_MS = 60_000;
/** `setStage` and `stop` are answered after the step in progress. */
const STEP_DEADLINE_MS = 600_000;

type Unary = Extract<
  MethodName<"TrainerService">,
  "startTraining" | "setStage" | "stopTraining" | "describeTraining" | "listTrainings" | "describeModel"
>;

function jsonBytes(run: RunSpecInput | Uint8Array): Uint8Array {
  return run instanceof Uint8Array ? run : new TextEncoder().encode(JSON.stringify(run));
}

const listOf = (data: string | readonly string[]): readonly string[] => (typeof data === "string" ? [data] : data);

/** Throws REQUEST_INVALID for values that are not as many as the shape says. */
function checkImage({ shape: [channels, ...size], values }: ImageToLabel): void {
  const want = channels * voxelCount(size);
  if (values.length === want) return;
  const facts = { field: "image.values", got: values.length, want: `${want} values for the image's shape` };
  throw new PatchstreamError({ code: "REQUEST_INVALID", ...facts });
}

/** An image as the trainer is told of it before its bytes. */
function announced({ shape, values, geometry }: ImageToLabel): Pick<PredictImage, "tensor" | "geometry" | "spacingMm"> {
  return {
    tensor: { name: "image", type: "f32", shape, byteLength: values.byteLength },
    // The trainer has no use for the place in the world, nor for the file.
    geometry: geometry === undefined ? null : { ...geometry, affine: [], labelHeader: new Uint8Array() },
    spacingMm: geometry?.spacingMm ?? [],
  };
}

/** Which model is to label, and how. */
function modelAsked({ checkpoint = "latest", averageWith = [], mirror = true }: PredictOptions) {
  return { checkpoint: kindOf(checkpoint), averageWith, withoutMirroring: !mirror };
}

/**
 * Connects to a trainer (`host:port` or `unix:/path`). Lazy: the first call finds out whether it is there, and fails within two seconds
 * (`waitMs` later) where it is not. Throws for PEM files that cannot be read, and for a token that would leave this machine
 * without TLS.
 */
export function connectTrainer(address: string, options: TrainerConnectOptions = {}): TrainerClient {
  const { deadlineMs, ...reached } = options;
  const channel = openChannel(address, reached);
  const answerMs = deadlineMs ?? Math.max(DEADLINE_MS, reached.waitMs ?? 0);
  const stepMs = deadlineMs ?? STEP_DEADLINE_MS;
  const call = <M extends Unary>(
    method: M,
    request: RequestOf<"TrainerService", M>,
    { signal }: WaitOptions,
    timeoutMs = answerMs,
  ): Promise<ResponseOf<"TrainerService", M>> =>
    callUnary(channel, "TrainerService", method, request, { timeoutMs, ...(signal && { signal }) });

  return {
    address,
    async start(run, data, { key = "", ...wait } = {}) {
      const request = { run: jsonBytes(run), data: listOf(data), resume: "", key };
      return (await call("startTraining", request, wait)).training;
    },
    async resume(training, { data = [], ...wait } = {}) {
      await call("startTraining", { run: new Uint8Array(), data: listOf(data), resume: training, key: "" }, wait);
    },
    watchInShort: (training, wait = {}) => watchInShort(channel, training, wait),
    watch: (training, wait = {}) => watchTraining(channel, training, { deadlineMs: answerMs, ...wait }),
    setStage: (training, { hold = false, ...wish } = {}, wait = {}) =>
      call("setStage", { training, hold, ...wish }, wait, stepMs),
    async stop(training, wait = {}) {
      await call("stopTraining", { training }, wait, stepMs);
    },
    async describe(training, wait = {}) {
      const { run, data, fleet: seen } = await call("describeTraining", { training }, wait);
      const fleet = describedFleet(seen);
      return { run, data, ...(fleet && { fleet }) };
    },
    async list(wait = {}) {
      const { trainings } = await call("listTrainings", {}, wait);
      return trainings.map((training) => ({ ...training, state: stateWord(training.state) }));
    },
    checkpoint: (training, file, { checkpoint = "latest", ...wait } = {}) =>
      fetchCheckpoint(channel, training, file, { checkpoint, deadlineMs: answerMs, ...wait }),
    async describeModel(training, { checkpoint = "latest", ...wait } = {}) {
      return describedModel(await call("describeModel", { training, checkpoint: kindOf(checkpoint) }, wait));
    },
    predictCase(training, caseId, { data = "", ...options } = {}) {
      const asked = { training, data, case: caseId, ...modelAsked(options) };
      return predict(channel, () => [{ kind: "case", case: asked }], { patienceMs: answerMs, ...options });
    },
    async predictImage(training, image, options = {}) {
      checkImage(image);
      const [, ...own] = image.shape;
      const size = image.geometry?.originalShape ?? own;
      const asked = { training, ...announced(image), ...modelAsked(options) };
      return predict(channel, () => imageRequests(asked, image.values), { patienceMs: answerMs, size, ...options });
    },
    async [Symbol.asyncDispose]() {
      channel.client.close();
    },
  };
}
