import { Command } from "commander";
import { type Dataset, openStore, type StoredCase, verifyStore } from "../loader/index.js";
import { ANNOTATED, locationClasses, PatchstreamError } from "../plan/index.js";
import { countProgress } from "./count-progress.js";
import { type CommonOptions, printJson } from "./output.js";
import { addStoreFlags, STORE, type StoreFlags, storeOptions } from "./store-flags.js";

interface Options extends CommonOptions, StoreFlags {
  readonly case?: string;
  readonly verify?: boolean;
}

/** `patchstream inspect STORE`. */
export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description("Show what a store holds: cases, shapes, spacing, classes, digest.")
    .argument("<store>", `the store: ${STORE}`)
    .option("--case <id>", "only this case, with its geometry")
    .option("--verify", "read every chunk and compare every digest");
  return addStoreFlags(command)
    .addHelpText("after", "\nExample:\n  $ patchstream inspect stores/hippocampus --case hippocampus_003")
    .action(async (path: string, options: Options, command: Command) => {
      await using store = await openStore(path, storeOptions(options, command));
      const { dataset } = store;
      const chosen = options.case === undefined ? undefined : caseOf(dataset, options.case);
      if (options.verify) {
        const progress = countProgress({ done: "verified", unit: "cases" });
        await verifyStore(store, chosen && [chosen.id], progress.show).finally(progress.stop);
      }
      const verified = options.verify ? { verified: true } : {};
      if (options.json) printJson({ ...(chosen ?? dataset), ...verified });
      else
        process.stdout.write(
          `${chosen ? describeCase(chosen, dataset) : describe(dataset)}${options.verify ? "verified\n" : ""}`,
        );
    });
}

function caseOf({ cases }: Dataset, id: string): StoredCase {
  const found = cases.find((one) => one.id === id);
  if (found === undefined)
    throw new PatchstreamError({ code: "NOT_FOUND", what: "case", name: id, known: cases.map((one) => one.id) });
  return found;
}

function describe(dataset: Dataset): string {
  const { name, digest, channelNames, plan, cases } = dataset;
  const lines = [
    `${name}: ${cases.length} cases`,
    `digest    ${digest}`,
    `channels  ${channelNames.join(", ")}`,
    `labels    ${describeLabels(dataset)}`,
    `plan      patch ${plan.patchSize.join("x")} voxels, batch ${plan.batchSize}, pooling ${plan.pooling.join(",")}`,
    ...cases.map(({ id, shape, spacingMm, unlabelled }) => {
      return `${id}  ${shape.join("x")} (C,Z,Y,X)  ${spacingMm.join("x")} mm${unlabelled ? "  unlabelled" : ""}`;
    }),
  ];
  return `${lines.join("\n")}\n`;
}

/** Such as "0 background, 1 liver (205 in files)". */
function describeLabels({ labels, sourceValues, regions = [], ignoreLabel }: Dataset): string {
  const named = Object.entries(labels).map(([name, value]) => ({ name, value }));
  if (ignoreLabel !== undefined) named.push({ name: "ignore", value: ignoreLabel });
  const texts = named.map(({ name, value }) => {
    const source = sourceValues[value];
    return `${value} ${name}${source === value ? "" : ` (${source} in files)`}`;
  });
  const unions = regions.map(({ name, values }) => `${name} = ${values.join("+")}`);
  return [texts.join(", "), ...(unions.length > 0 ? [`regions ${unions.join(", ")}`] : [])].join("; ");
}

function describeCase(
  { id, shape, spacingMm, digest, foregroundCounts, geometry, unlabelled }: StoredCase,
  dataset: Dataset,
): string {
  const lines = [
    id,
    `digest      ${digest}`,
    `stored      ${shape.join("x")} (C,Z,Y,X), ${spacingMm.join("x")} mm`,
    `original    ${geometry.originalShape.join("x")} (Z,Y,X), ${geometry.originalSpacingMm.join("x")} mm`,
    `transpose   ${geometry.transpose.join(",")}`,
    `crop        ${geometry.cropStart.join(",")} to ${geometry.cropEnd.join(",")}`,
    unlabelled
      ? "label       none: for prediction only"
      : `foreground  ${locationClasses(dataset)
          .map((of, i) => `${foregroundCounts[i]} locations of ${of === ANNOTATED ? "any label" : `class ${of}`}`)
          .join(", ")}`,
  ];
  return `${lines.join("\n")}\n`;
}
