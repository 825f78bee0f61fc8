import { createHash } from "node:crypto";
import { join } from "node:path";
import { Command } from "commander";
import { imageValues, labelValues } from "../../client/index.js";
import { type Files, npyBytes, replaceFile, replaceFiles } from "../../disk/index.js";
import { type Crop, type DrawnCrop, type Timeline, transformsText } from "../../plan/index.js";
import { type AddressFlags, addAddressFlags, addSourceFlags, batchSource, type SourceFlags } from "../batch-flags.js";
import { addCallFlags, type CallFlags, callOptions } from "../connection-flags.js";
import { type CommonOptions, printJson } from "../output.js";
import { readRunSpec } from "../run-flag.js";
import { fetchFromServer } from "./fetch-from-server.js";
import { fetchFromStore } from "./fetch-from-store.js";
import type { FetchedBatch, RequestedBatch } from "./fetched-batch.js";
import type { Volumes } from "./volumes.js";

interface GetOptions extends CommonOptions, CallFlags, SourceFlags, AddressFlags {
  readonly out?: string;
  readonly html?: string;
}

/** `patchstream get`: one batch of a run, as NumPy files and the plan that made it. */
export function getCommand(): Command {
  const command = new Command("get").description(
    "Write one batch of a run, and which box of which case each of its samples is.",
  );
  addAddressFlags(addSourceFlags(command))
    .option(
      "--out <folder>",
      "write image.npy (B,C,Z,Y,X), label.npy (B,Z,Y,X) and batch.json there; deep supervision's label_1.npy, ... too",
    )
    .option("--html <file>", "write one page, below 2 MB, that shows samples inside their volumes");
  return addCallFlags(command)
    .addHelpText(
      "after",
      "\nExamples:\n  $ patchstream get --store stores/hippocampus --run run.json --step 4711 --out batch\n  $ patchstream get --data localhost:7070 --run run.json --step 4711 --html batch.html",
    )
    .action(get);
}

async function get(options: GetOptions, command: Command): Promise<void> {
  const { data: dataSpec } = readRunSpec(options.run);
  const request: RequestedBatch = { dataSpec, timeline: options.timeline, step: options.step, stage: options.stage };
  const { batch, page } = await fetchBatch(options, request, command);
  const description = describeBatch(batch);
  if (options.html !== undefined && page !== undefined) replaceFile(options.html, page);
  if (options.out !== undefined) writeBatch(options.out, batch, description);
  if (options.json) printJson(description);
  else process.stdout.write(batchText(batch, description));
}

/** The batch, and the page that shows it where one is asked for. */
function fetchBatch(options: GetOptions, request: RequestedBatch, command: Command) {
  const source = batchSource(options, command);
  const use = async (batch: FetchedBatch, volumes: Volumes) => {
    if (options.html === undefined) return { batch, page: undefined };
    const { batchPage } = await import("./page/batch-page.js"); // pictures take a second to load
    return { batch, page: await batchPage(batch, volumes) };
  };
  if (source.at === "store") return fetchFromStore(source.store, source.options, request, use);
  return fetchFromServer(source.addresses, callOptions(options), request, use);
}

/** What batch.json holds; `start` in store voxels (Z,Y,X), negative where a box leaves the volume. */
interface BatchDescription {
  readonly timeline: Timeline;
  readonly step: number;
  readonly stage: number;
  readonly patchSize: readonly number[];
  readonly cropSize: readonly number[];
  readonly checksum: number;
  /** SHA-256 (hex) over the tensors' bytes on the wire: image, label, deep labels. */
  readonly sha256: string;
  readonly samples: readonly {
    readonly case: string;
    readonly kind: Crop["kind"];
    readonly class: number | null;
    readonly start: readonly number[];
    readonly transforms: DrawnCrop["transforms"];
  }[];
}

function describeBatch({ plan, samples, image, label, deepLabels, checksum }: FetchedBatch): BatchDescription {
  const { timeline, step, stage, patchSize, cropSize } = plan;
  return {
    timeline,
    step,
    stage,
    patchSize,
    cropSize,
    checksum,
    sha256: sha256([image, label, ...deepLabels]),
    samples: plan.crops.map((crop, index) => ({
      case: crop.case,
      kind: crop.kind,
      class: crop.kind === "foreground" ? crop.class : null,
      start: samples[index]?.start ?? [],
      transforms: crop.transforms,
    })),
  };
}

function sha256(tensors: readonly { readonly bytes: Uint8Array }[]): string {
  const hash = createHash("sha256");
  for (const { bytes } of tensors) hash.update(bytes);
  return hash.digest("hex");
}

function writeBatch(
  folder: string,
  { spec, image, label, deepLabels }: FetchedBatch,
  description: BatchDescription,
): void {
  const { shape, values } = imageValues(image, spec.wire.layout === "channels-last");
  const files: Files = [
    ["image.npy", [npyBytes(values, shape)]],
    ["label.npy", [npyBytes(labelValues(label), label.shape)]],
    ...deepLabels.map((deep, index) => [`label_${index + 1}.npy`, [npyBytes(labelValues(deep), deep.shape)]] as const),
    ["batch.json", `${JSON.stringify(description, null, 2)}\n`],
  ];
  replaceFiles(files.map(([name, content]) => [join(folder, name), content]));
}

function batchText({ image }: FetchedBatch, batch: BatchDescription): string {
  const mebibytes = (image.bytes.byteLength / 2 ** 20).toFixed(1);
  const crc = batch.checksum.toString(16).padStart(8, "0");
  const head = [
    `step ${batch.step}`,
    `stage ${batch.stage}`,
    `patch ${batch.patchSize.join("x")} voxels`,
    `batch ${batch.samples.length}`,
    `image ${mebibytes} MiB`,
    `checksum ${crc}`,
  ];
  const rows = batch.samples.map((sample, index) => [
    String(index).padStart(3),
    `case ${sample.case}`,
    `start ${sample.start.join(",")}`,
    sample.class === null ? sample.kind : `${sample.kind} class ${sample.class}`,
    transformsText(sample.transforms),
  ]);
  return `${head.join("  ")}\n${alignColumns(rows)}`;
}

function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)),
    [],
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] as number))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
