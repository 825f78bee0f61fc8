import { Command } from "commander";
import { type Dataset, openStore, type StoredCase, verifyStore } from "../loader/index.js";
import { PatchstreamError } from "../plan/index.js";
import { type CommonOptions, printJson } from "./output.js";

interface Options extends CommonOptions {
  readonly case?: string;
  readonly verify?: boolean;
}

/** `patchstream inspect STORE`. */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description("Show what a store holds: cases, shapes, spacing, classes, digest.")
    .argument("<store>", "folder made by ingest")
    .option("--case <id>", "only this case, with its geometry")
    .option("--verify", "read every chunk and compare every digest")
    .addHelpText("after", "\nExample:\n  $ patchstream inspect stores/hippocampus --case hippocampus_003")
    .action(async (path: string, options: Options) => {
      await using store = await openStore(path);
      const { dataset } = store;
      const chosen = options.case === undefined ? undefined : caseOf(dataset, options.case);
      if (options.verify) await verifyStore(store, chosen && [chosen.id]);
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

function describe({ name, digest, channelNames, labels, plan, cases }: Dataset): string {
  const lines = [
    `${name}: ${cases.length} cases`,
    `digest    ${digest}`,
    `channels  ${channelNames.join(", ")}`,
    `labels    ${Object.entries(labels)
      .map(([label, value]) => `${value} ${label}`)
      .join(", ")}`,
    `plan      patch ${plan.patchSize.join("x")} voxels, batch ${plan.batchSize}, pooling ${plan.pooling.join(",")}`,
    ...cases.map(({ id, shape, spacingMm }) => `${id}  ${shape.join("x")} (C,Z,Y,X)  ${spacingMm.join("x")} mm`),
  ];
  return `${lines.join("\n")}\n`;
}

function describeCase(
  { id, shape, spacingMm, digest, foregroundCounts, geometry }: StoredCase,
  { classes }: Dataset,
): string {
  const lines = [
    id,
    `digest      ${digest}`,
    `stored      ${shape.join("x")} (C,Z,Y,X), ${spacingMm.join("x")} mm`,
    `source      ${geometry.originalShape.join("x")} (Z,Y,X), ${geometry.originalSpacingMm.join("x")} mm`,
    `transpose   ${geometry.transpose.join(",")}`,
    `crop        ${geometry.cropStart.join(",")} to ${geometry.cropEnd.join(",")}`,
    `foreground  ${classes.map((value, i) => `${foregroundCounts[i]} locations of class ${value}`).join(", ")}`,
  ];
  return `${lines.join("\n")}\n`;
}
