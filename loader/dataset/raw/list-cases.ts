import { readdirSync, readFileSync } from "node:fs";
import { basename, isAbsolute, join, relative, resolve } from "node:path";
import { PatchstreamError } from "../../../plan/errors.js";
import { type DatasetJson, type FileListing, type ListedCase, parseDatasetJson } from "./dataset-json.js";

/** A case's files: absolute paths. */
export interface RawCase {
  readonly id: string;
  /** One file a channel, or one 4-D file with all of them. */
  readonly images: readonly string[];
  readonly label: string;
}

/** A raw data set as its dataset.json and folders describe it; no image has been opened yet. */
export interface RawDataset extends DatasetJson {
  /** Sorted by id. */
  readonly cases: readonly RawCase[];
}

/** Reads `folder`/dataset.json and finds every case's files. Throws SPEC_INVALID or INPUT_DAMAGED. */
export function readRawDataset(folder: string): RawDataset {
  const json = parseDatasetJson(readJson(join(folder, "dataset.json")));
  const cases = listCases(folder, json).sort((a, b) => (a.id < b.id ? -1 : 1));
  if (cases.length === 0) throw damaged(folder, "it holds no training case", "a data set with at least one");
  for (const [i, { id, label }] of cases.entries()) {
    checkName("case id", id);
    if (cases[i + 1]?.id === id) throw damaged(label, `case ${id} is listed twice`, "listed once");
  }
  return { ...json, cases };
}

/** A name that becomes a folder: throws SPEC_INVALID for anything that could leave the store or hide in it. */
export function checkName(what: string, name: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name) || name === "zarr.json") {
    throw new PatchstreamError({
      code: "SPEC_INVALID",
      field: what,
      got: name,
      want: "made of letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 128 long",
    });
  }
}

/** Parses a JSON file of the user's. Throws INPUT_DAMAGED. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw damaged(file, `it cannot be read (${(error as Error).message})`, "a JSON file");
  }
}

function listCases(folder: string, { channelNames, files }: DatasetJson): RawCase[] {
  if (files.kind === "listed") return files.cases.map((listed) => resolveListed(folder, listed));
  const channels = channelNames.map((_, channel) => `_${String(channel).padStart(4, "0")}${files.fileEnding}`);
  const ids = new Set<string>();
  for (const name of visibleFiles(join(folder, "imagesTr"), files.fileEnding)) {
    const channel = name.slice(name.lastIndexOf("_"));
    if (!channels.includes(channel)) {
      throw damaged(
        join(folder, "imagesTr", name),
        "it is no channel of dataset.json",
        `named CASE${channels.join(" or CASE")}`,
      );
    }
    ids.add(name.slice(0, -channel.length));
  }
  for (const name of visibleFiles(join(folder, "labelsTr"), files.fileEnding)) {
    ids.add(name.slice(0, -files.fileEnding.length));
  }
  checkCount(folder, ids.size, files);
  return [...ids].map((id) => ({
    id,
    images: channels.map((channel) => join(folder, "imagesTr", `${id}${channel}`)),
    label: join(folder, "labelsTr", `${id}${files.fileEnding}`),
  }));
}

function checkCount(folder: string, found: number, { caseCount }: Extract<FileListing, { kind: "folders" }>): void {
  if (caseCount === undefined || caseCount === found) return;
  throw damaged(
    join(folder, "dataset.json"),
    `numTraining is ${caseCount}`,
    `${found}, the number of cases in imagesTr`,
  );
}

function resolveListed(folder: string, { id, images, label }: ListedCase): RawCase {
  const path = (file: string) => {
    const full = resolve(folder, file);
    const inside = relative(folder, full);
    if (inside.startsWith("..") || isAbsolute(inside))
      throw damaged(file, "it lies outside the data set", `below ${folder}`);
    return full;
  };
  const caseId = id ?? basename(images[0] as string).replace(/\.nii(\.gz)?$/, "");
  return { id: caseId, images: images.map(path), label: path(label) };
}

function visibleFiles(folder: string, ending: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith(".") && name.endsWith(ending));
  } catch {
    throw damaged(folder, "there is no such folder", "a folder of .nii or .nii.gz files");
  }
}

function damaged(file: string, reason: string, want: string): PatchstreamError {
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want });
}
