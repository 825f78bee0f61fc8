import { createHash } from "node:crypto";
import { PatchstreamError } from "../../plan/errors.js";
import { VALUE_BYTES } from "../../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../../plan/zyx.js";
import type { Messages } from "../../proto/messages.js";
import { type CallOptions, type Channel, callStream, callUnary } from "../../rpc/client/call.js";
import type { DatasetInfo, RunInfo } from "../types.js";
import { BatchReceiver, ByteReceiver, brokenProtocol } from "./batch-receiver.js";
import type { BatchRequest, ReceivedBatch, TransportCalls } from "./messages.js";
import { expectedBatch } from "./share-of-run.js";

const TIMELINES = { train: "TIMELINE_TRAIN", val: "TIMELINE_VAL" } as const;
const VOLUMES = { image: "VOLUME_IMAGE", label: "VOLUME_LABEL", reference: "VOLUME_REFERENCE" } as const;

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function toZyx(values: readonly number[]): Zyx {
  const [z, y, x] = values;
  if (z === undefined || y === undefined || x === undefined) throw brokenProtocol(`${values.length} numbers for Z,Y,X`);
  return [z, y, x];
}

export async function describeDataset(channel: Channel, options: CallOptions): Promise<DatasetInfo> {
  const answer = await callUnary(channel, "DataService", "describeDataset", {}, options);
  return {
    ...answer,
    plan: JSON.parse(new TextDecoder().decode(answer.plan)),
    cases: answer.cases.map(({ geometry, shape, spacingMm, ...entry }) => {
      if (geometry === null) throw brokenProtocol(`case ${entry.id} came without geometry`);
      return {
        ...entry,
        shape: [shape[0] ?? 0, ...toZyx(shape.slice(1))],
        spacingMm: toZyx(spacingMm),
        geometry: {
          affine: geometry.affine,
          originalShape: toZyx(geometry.originalShape),
          originalSpacingMm: toZyx(geometry.originalSpacingMm),
          transpose: toZyx(geometry.transpose),
          cropStart: toZyx(geometry.cropStart),
          cropEnd: toZyx(geometry.cropEnd),
        },
      };
    }),
  };
}

export async function describeRun(channel: Channel, spec: Uint8Array, options: CallOptions): Promise<RunInfo> {
  const specSha256 = sha256(spec);
  const answer = await callUnary(channel, "DataService", "describeRun", { spec, specSha256 }, options);
  const { digest, channels, batchBytes, validationBatchBytes, limits } = answer;
  if (limits === null) throw brokenProtocol("a run was described without limits");
  const specBytes = Uint8Array.from(answer.spec);
  const resolved = JSON.parse(new TextDecoder().decode(specBytes)) as RunInfo["spec"];
  if (!specSha256.equals(answer.receivedSha256) || sha256(specBytes).toString("hex") !== digest)
    throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what: "the run spec" });
  return { spec: resolved, specBytes, digest, channels, batchBytes, validationBatchBytes, limits };
}

/** One batch by its address. Throws BATCH_DAMAGED when its checksum does not match. */
export async function getBatch(channel: Channel, request: BatchRequest, options: CallOptions): Promise<ReceivedBatch> {
  const info = await describeRun(channel, request.spec, options);
  const { timeline, ...address } = request;
  const message: Messages["GetBatchRequest"] = {
    ...address,
    timeline: TIMELINES[timeline],
    specSha256: sha256(address.spec),
  };
  let receiver: BatchReceiver | undefined;
  for await (const frame of callStream(channel, "DataService", "getBatch", message, options)) {
    if (frame.kind === "batchBegin")
      receiver = new BatchReceiver(frame.batchBegin, expectedBatch({ info, ...request }, frame.batchBegin.stage));
    else if (receiver === undefined || frame.kind === undefined) throw brokenProtocol("a batch did not begin");
    else if (frame.kind === "chunk") receiver.add(frame.chunk);
    else {
      const batch = receiver.end();
      if (batch === undefined) throw new PatchstreamError({ code: "BATCH_DAMAGED", step: request.step, attempts: 1 });
      return batch;
    }
  }
  throw brokenProtocol("a batch did not end");
}

/** A volume's bytes: float32 for images, int16 for labels and references. */
export async function readCase(
  channel: Channel,
  { caseId, volume, region }: TransportCalls["readCase"]["args"],
  options: CallOptions,
): Promise<ArrayBuffer> {
  const request = { case: caseId, volume: VOLUMES[volume], region: region ?? null };
  let receiver: { bytes: ByteReceiver; checksum: number } | undefined;
  for await (const frame of callStream(channel, "DataService", "readCase", request, options)) {
    if (frame.kind === "volumeBegin") {
      const { tensor, checksum } = frame.volumeBegin;
      const type = volume === "image" ? "f32" : "i16";
      const byteLength = tensor?.shape.reduce((product, extent) => product * extent, VALUE_BYTES[type]);
      if (byteLength === undefined || tensor?.type !== type || tensor.byteLength !== byteLength)
        throw brokenProtocol(`case ${caseId} came as something else than its ${volume}`);
      receiver = { bytes: new ByteReceiver(byteLength), checksum };
    } else if (receiver === undefined || frame.kind === undefined) throw brokenProtocol("a volume did not begin");
    else if (frame.kind === "chunk") receiver.bytes.add(frame.chunk);
    else if (receiver.bytes.matches(receiver.checksum)) return receiver.bytes.buffer;
    else throw brokenProtocol(`the ${volume} of case ${caseId} was damaged on its way`);
  }
  throw brokenProtocol("a volume did not end");
}

export async function readLocations(
  channel: Channel,
  { caseId, classValue, k }: TransportCalls["readLocations"]["args"],
  options: CallOptions,
): Promise<Uint32Array> {
  const request = { case: caseId, class: classValue, k };
  const { zyx } = await callUnary(channel, "DataService", "readLocations", request, options);
  return Uint32Array.from(zyx);
}

export async function preview(channel: Channel, request: BatchRequest, options: CallOptions): Promise<Uint8Array> {
  const { timeline, spec, step, stage } = request;
  const message = { spec, timeline: TIMELINES[timeline], step, ...(stage !== undefined && { stage }) };
  const { png } = await callUnary(channel, "DataService", "preview", message, options);
  return Uint8Array.from(png);
}
