import type { RunTimeline } from "../../plan/batch/run-timeline.js";
import { PatchstreamError } from "../../plan/errors.js";
import { VALUE_BYTES } from "../../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../../plan/zyx.js";
import type { Messages } from "../../proto/messages.js";
import { sha256 } from "../../rpc/checksum.js";
import { type CallOptions, callStream, callUnary } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { TIMELINE_NAMES } from "../../rpc/timeline-names.js";
import type { DatasetInfo, Preview, RunInfo } from "../types.js";
import { BatchReceiver, ByteReceiver, brokenProtocol, checkBegin } from "./batch-receiver.js";
import type { BatchRequest, PreviewRequest, ReceivedBatch, TransportCalls } from "./messages.js";
import type { AttemptOptions } from "./replicas.js";
import { scheduleOfRun } from "./schedule-of-run.js";
import { expectedBatch } from "./share-of-run.js";

const VOLUMES = { image: "VOLUME_IMAGE", label: "VOLUME_LABEL", reference: "VOLUME_REFERENCE" } as const;

function toZyx(values: readonly number[]): Zyx {
  const [z, y, x] = values;
  if (z === undefined || y === undefined || x === undefined) throw brokenProtocol(`${values.length} numbers for Z,Y,X`);
  return [z, y, x];
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** A timeline whose stages each say what every one of `ranks` ranks gets. */
function readTimeline(message: Messages["RunTimeline"] | null, ranks: number): RunTimeline {
  if (message === null || message.stages.length === 0) throw brokenProtocol("a run was described without its stages");
  const stages = message.stages.map((stage) => {
    const ends = [0, ...stage.shares.map(({ endRank }) => endRank)];
    if (ends.at(-1) !== ranks || stage.shares.some(({ firstRank }, index) => firstRank !== ends[index]))
      throw brokenProtocol(`stage ${stage.stage} was not described for ${ranks} ranks`);
    return { ...stage, patchSize: toZyx(stage.patchSize) };
  });
  return { ...message, stages };
}

/** How often the data set may change between two of its pages. */
const MOST_WALKS = 3;

/** A data set's description, whole: all of its pages, from one state of it. */
export async function describeDataset(channel: Channel, options: AttemptOptions): Promise<DatasetInfo> {
  for (let walk = 1; ; walk++) {
    try {
      return await readDataset(channel, options);
    } catch (error) {
      if (!(error instanceof PatchstreamError && error.code === "DATASET_CHANGED") || walk === MOST_WALKS) throw error;
    }
  }
}

async function readDataset(channel: Channel, options: AttemptOptions): Promise<DatasetInfo> {
  const read: Messages["Case"][] = [];
  for (let pageToken = ""; ; ) {
    const request = { pageSize: 0, pageToken };
    const page = await callUnary(channel, "DataService", "describeDataset", request, options);
    options.heard();
    const { cases, caseCount, nextPageToken, ...head } = page;
    read.push(...cases);
    if (nextPageToken === "" ? read.length !== caseCount : cases.length === 0)
      throw brokenProtocol(`${read.length} cases came of ${caseCount}`);
    if (nextPageToken === "") return datasetInfo(head, read);
    pageToken = nextPageToken;
  }
}

function datasetInfo(
  { regions, ...head }: Omit<Messages["DescribeDatasetResponse"], "cases" | "caseCount" | "nextPageToken">,
  cases: readonly Messages["Case"][],
): DatasetInfo {
  return {
    ...head,
    ...(regions.length > 0 && { regions }),
    plan: JSON.parse(text(head.plan)),
    cases: cases.map(({ geometry, shape, spacingMm, ...entry }) => {
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
          ...(geometry.labelHeader.length > 0 && { labelHeader: Uint8Array.from(geometry.labelHeader) }),
        },
      };
    }),
  };
}

export async function describeRun(
  channel: Channel,
  { spec, ranks }: TransportCalls["describeRun"]["args"],
  options: CallOptions,
): Promise<RunInfo> {
  const specSha256 = sha256(spec);
  const answer = await callUnary(channel, "DataService", "describeRun", { spec, specSha256, ranks }, options);
  const { digest, channels, limits } = answer;
  if (limits === null) throw brokenProtocol("a run was described without limits");
  if (answer.receivedSha256.length === 0)
    throw brokenProtocol("a run was described without the spec that was received");
  const specBytes = Uint8Array.from(answer.spec);
  const resolved = JSON.parse(text(specBytes)) as RunInfo["spec"];
  if (!specSha256.equals(answer.receivedSha256) || sha256(specBytes).toString("hex") !== digest)
    throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what: "the run spec" });
  return {
    spec: resolved,
    specBytes,
    digest,
    channels,
    train: readTimeline(answer.train, ranks),
    val: readTimeline(answer.val, ranks),
    plansJson: text(answer.plansJson),
    datasetJson: text(answer.datasetJson),
    limits,
  };
}

/** One batch by its address. Throws BATCH_DAMAGED when its checksum does not match. */
export async function getBatch(
  channel: Channel,
  request: BatchRequest,
  options: AttemptOptions,
): Promise<ReceivedBatch> {
  const info = await describeRun(channel, request, options);
  options.heard();
  const { timeline, ...address } = request;
  const message: Messages["GetBatchRequest"] = {
    ...address,
    timeline: TIMELINE_NAMES[timeline],
    specSha256: sha256(address.spec),
  };
  let receiver: BatchReceiver | undefined;
  for await (const frame of callStream(channel, "DataService", "getBatch", message, options)) {
    options.heard();
    if (frame.kind === "batchBegin") {
      receiver = beginBatch(frame.batchBegin, request, info);
    } else if (receiver === undefined || frame.kind === undefined) throw brokenProtocol("a batch did not begin");
    else if (frame.kind === "chunk") receiver.add(frame.chunk);
    else {
      const batch = receiver.end(frame.batchEnd);
      if (batch === undefined) throw new PatchstreamError({ code: "BATCH_DAMAGED", step: request.step, attempts: 1 });
      return batch;
    }
  }
  throw brokenProtocol("a batch did not end");
}

/** Throws MESSAGE_DAMAGED or PATCH_MISMATCH for another batch than the one asked for. */
function beginBatch(begin: Messages["BatchBegin"], request: BatchRequest, info: RunInfo): BatchReceiver {
  const stage = request.stage ?? scheduleOfRun(info, request.timeline).stageOf(request.step);
  if (begin.step !== request.step || begin.stage !== stage)
    throw brokenProtocol(`step ${begin.step} of stage ${begin.stage} came instead of step ${request.step} of ${stage}`);
  const expected = expectedBatch({ info, ...request }, stage);
  checkBegin(begin, expected);
  return new BatchReceiver(begin, expected, "grpc");
}

/** A volume's bytes: float32 for images, int16 for labels and references. */
export async function readCase(
  channel: Channel,
  { caseId, volume, region }: TransportCalls["readCase"]["args"],
  options: AttemptOptions,
): Promise<ArrayBuffer> {
  const request = { case: caseId, volume: VOLUMES[volume], region: region ?? null };
  let receiver: ByteReceiver | undefined;
  for await (const frame of callStream(channel, "DataService", "readCase", request, options)) {
    options.heard();
    if (frame.kind === "volumeBegin") {
      const { tensor } = frame.volumeBegin;
      const type = volume === "image" ? "f32" : "i16";
      const byteLength = tensor?.shape.reduce((product, extent) => product * extent, VALUE_BYTES[type]);
      if (byteLength === undefined || tensor?.type !== type || tensor.byteLength !== byteLength)
        throw brokenProtocol(`case ${caseId} came as something else than its ${volume}`);
      receiver = new ByteReceiver(byteLength);
    } else if (receiver === undefined || frame.kind === undefined) throw brokenProtocol("a volume did not begin");
    else if (frame.kind === "chunk") receiver.add(frame.chunk);
    else if (receiver.matches(frame.volumeEnd.checksum)) return receiver.buffer;
    else throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what: `the ${volume} of case ${caseId}` });
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

/** One page of a batch as a picture. */
export async function preview(channel: Channel, request: PreviewRequest, options: CallOptions): Promise<Preview> {
  const { timeline, rank: _, ranks: __, ...address } = request;
  const message = { ...address, timeline: TIMELINE_NAMES[timeline] };
  const { png, ...shown } = await callUnary(channel, "DataService", "preview", message, options);
  return { png: Uint8Array.from(png), ...shown };
}
