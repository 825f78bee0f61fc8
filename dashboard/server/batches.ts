import { type ConnectOptions, connect, type DataClient, type DatasetInfo } from "../../client/index.js";
import { caseTable, PatchstreamError, planBatch, scheduledStageOf, transformsText } from "../../plan/index.js";
import type { TrainerClient } from "../../trainer/index.js";
import type { BatchInShort, VolumeHeader } from "../messages.js";
import { invalid } from "./answers.js";
import { regionAround } from "./region-around.js";

/** Which data servers are asked for batches, and how. */
export interface BatchSource {
  readonly trainer: TrainerClient;
  /** Asked in place of those that a training names. */
  readonly data: readonly string[] | undefined;
  /** How `data` is reached. A token goes to no other server. */
  readonly options: ConnectOptions;
}

export interface AskedBatch {
  readonly training: string;
  readonly step: number;
  /** Absent: the scheduled one. */
  readonly stage: number | undefined;
}

/** Data servers that are connected at a time: more than one page looks at. */
const MOST_CLIENTS = 4;
const DEADLINE_MS = 60_000;
/** 32 MB of image, 16 MB of label. */
const MOST_VOXELS = 8 << 20;

/** The batches of any training: cut again by its data servers. */
export class Batches implements AsyncDisposable {
  readonly #source: BatchSource;
  readonly #clients = new Map<string, DataClient>();

  constructor(source: BatchSource) {
    this.#source = source;
  }

  async describe({ training, step, stage: asked }: AskedBatch): Promise<BatchInShort> {
    const { client, spec: dataSpec } = await this.#of(training);
    const dataset = await client.describeDataset();
    const { spec, specBytes, digest } = await client.describeRun(dataSpec);
    const stage = asked ?? scheduledStageOf(spec, "train", step);
    const plan = planBatch(spec, caseTable(dataset), { timeline: "train", step, stage });
    using batch = await client.getBatch(specBytes, { step, stage });
    return {
      step,
      stage,
      patchSize: batch.patchSize,
      checksum: batch.checksum,
      digest,
      channelNames: dataset.channelNames,
      samples: batch.samples.map(({ case: id, kind, class: of, start, size }, place) => ({
        case: id,
        kind,
        ...(kind === "foreground" && { className: nameOf(dataset, of) }),
        start,
        size,
        transforms: transformsText(plan.crops[place]?.transforms ?? []),
      })),
    };
  }

  async preview({ training, step, stage }: AskedBatch, page: number, channel: number) {
    const { client, spec } = await this.#of(training);
    return client.preview(spec, { step, page, channel, ...(stage !== undefined && { stage }) });
  }

  /** A case around a box: what stands before the voxels, image (f32), label (i16). */
  async volume(training: string, caseId: string, start: readonly number[], size: readonly number[], channel: number) {
    const { client } = await this.#of(training);
    const dataset = await client.describeDataset();
    const found = dataset.cases.find(({ id }) => id === caseId);
    if (found === undefined)
      throw new PatchstreamError(
        { code: "NOT_FOUND", what: "case", name: caseId, known: [] },
        "Look at the batch again.",
      );
    const [channels, ...volumeSize] = found.shape;
    if (channel >= channels) throw invalid("channel", channel, `0 to ${channels - 1}`);
    const region = regionAround(volumeSize, zyx("start", start), zyx("size", size), MOST_VOXELS);
    const [image, label] = await Promise.all([
      client.readImage(caseId, { region }),
      client.readLabel(caseId, { region }),
    ]);
    const header: VolumeHeader = {
      case: caseId,
      size: region.end.map((end, axis) => end - (region.start[axis] ?? 0)),
      start: region.start,
      volumeSize,
      spacingMm: found.spacingMm,
      classNames: classNames(dataset),
    };
    const voxels = image.length / channels;
    return { header, image: image.subarray(channel * voxels, (channel + 1) * voxels), label };
  }

  async #of(training: string): Promise<{ readonly client: DataClient; readonly spec: Uint8Array }> {
    const { trainer, data, options } = this.#source;
    const described = await trainer.describe(training);
    const { data: spec } = JSON.parse(Buffer.from(described.run).toString()) as { data: unknown };
    return {
      client: await this.#client(data ?? described.data, data === undefined ? {} : options),
      spec: Buffer.from(JSON.stringify(spec)),
    };
  }

  async #client(addresses: readonly string[], options: ConnectOptions): Promise<DataClient> {
    const key = addresses.join();
    const client = this.#clients.get(key) ?? connect(addresses, { deadlineMs: DEADLINE_MS, ...options });
    this.#clients.delete(key);
    this.#clients.set(key, client); // asked last
    for (const [oldest, unused] of this.#clients) {
      if (this.#clients.size <= MOST_CLIENTS) break;
      this.#clients.delete(oldest);
      await unused[Symbol.asyncDispose]();
    }
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client[Symbol.asyncDispose]()));
  }
}

function zyx(field: string, [z, y, x, ...more]: readonly number[]): readonly [number, number, number] {
  if (
    z === undefined ||
    y === undefined ||
    x === undefined ||
    more.length > 0 ||
    ![z, y, x].every(Number.isSafeInteger)
  )
    throw invalid(field, [z, y, x, ...more], "three whole numbers (Z,Y,X)");
  return [z, y, x];
}

/** Of a class that patches are drawn by: a label's, or a region's. */
function nameOf(dataset: DatasetInfo, of: number): string {
  return dataset.regions?.[dataset.classes.indexOf(of)]?.name ?? classNames(dataset)[String(of)] ?? `class ${of}`;
}

/** Names by label value. */
function classNames({ labels }: DatasetInfo): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [String(value), name]));
}
