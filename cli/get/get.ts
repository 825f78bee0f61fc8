import { createHash } from "node:crypto";
import { join } from "node:path";
import { Command, Option } from "commander";
import { imageValues, labelValues } from "../../client/index.js";
import { type Files, replaceFiles } from "../../disk/index.js";
import { parseRunDocument, type Timeline } from "../../plan/index.js";
import { addressList } from "../address-list.js";
import { addCallFlags, type CallFlags, callOptions } from "../connection-flags.js";
import { type CommonOptions, printJson } from "../output.js";
import { readJson } from "../read-json.js";
import { wholeNumber } from "../whole-number.js";
import { fetchFromServer } from "./fetch-from-server.js";
import { fetchFromStore } from "./fetch-from-store.js";
import type { FetchedBatch, RequestedBatch } from "./fetched-batch.js";
import { npyBytes } from "./npy.js";
import { transformsText } from "./transforms-text.js";

interface GetOptions extends CommonOptions, CallFlags {
  readonly store?: string;
  readonly data?: readonly string[];
  readonly run: string;
  readonly step: number;
  readonly stage?: number;
  readonly timeline: Timeline;
  readonly out?: string;
}

/** `patchstream get`: one batch of a run, as NumPy files and the plan that made it. */
export function getCommand(): Command {
  const command = new Command("get")
    .description("Write one batch of a run, and which box of which case each of its samples is.")
    .option("--store <folder>", "the store to cut from")
    .addOption(
      new Option("--data <addresses>", "or the data servers to ask, host:port[,host:port]")
        .conflicts("store")
        .argParser(addressList),
    )
    .requiredOption("--run <file>", "the run spec (run.json)")
    .requiredOption("--step <number>", "the step, from 0", wholeNumber)
    .option("--stage <number>", "the stage, from 0 (default: the one scheduled for the step)", wholeNumber)
    .addOption(new Option("--timeline <name>", "which timeline").choices(["train", "val"]).default("train"))
    .option(
      "--out <folder>",
      "write image.npy (B,C,Z,Y,X), label.npy (B,Z,Y,X) and batch.json there; deep supervision's label_1.npy, ... too",
    );
  return addCallFlags(command)
    .addHelpText(
      "after",
      "\nExample:\n  $ patchstream get --store stores/hippocampus --run run.json --step 4711 --out batch",
    )
    .action(get);
}

async function get(options: GetOptions, command: Command): Promise<void> {
  const { data: dataSpec } = parseRunDocument(readJson(options.run, "a run spec in JSON"));
  const request: RequestedBatch = { dataSpec, timeline: options.timeline, step: options.step, stage: options.stage };
  const batch = await fetchBatch(options, request, command);
  const description = describeBatch(batch);
  if (options.out !== undefined) writeBatch(options.out, batch, description);
  if (options.json) printJson(description);
  else process.stdout.write(batchText(batch, description));
}

function fetchBatch(options: GetOptions, request: RequestedBatch, command: Command): Promise<FetchedBatch> {
  const { store, data } = options;
  if (store !== undefined) return fetchFromStore(store, request);
  if (data !== undefined) return fetchFromServer(data, callOptions(options), request);
  return command.error("error: give --store FOLDER, or --data ADDRESS");
}

/** What batch.json holds; `lower` in store voxels, negative where a box leaves the volume. */
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
    readonly kind: "foreground" | "random";
    readonly class: number | null;
    readonly lower: readonly number[];
    readonly transforms: FetchedBatch["plan"]["crops"][number]["transforms"];
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
    samples: samples.map(({ case: caseId, kind, class: of, start }, index) => ({
      case: caseId,
      kind,
      class: kind === "foreground" ? of : null,
      lower: start,
      transforms: plan.crops[index]?.transforms ?? [],
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
    `crc32 ${crc}`,
  ];
  const rows = batch.samples.map((sample, index) => [
    String(index).padStart(3),
    `case ${sample.case}`,
    `start ${sample.lower.join(",")}`,
    sample.class === null ? "random" : `foreground class ${sample.class}`,
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
