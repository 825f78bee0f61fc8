import { existsSync, readdirSync } from "node:fs";
import { basename, isAbsolute, join, relative, resolve, sep } from "node:path";
import { checkNamedFolder, readNamedJson } from "../../../disk/read-file.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { PREVIOUS } from "../generations.js";
import { type DatasetJson, type FileListing, type ListedCase, parseDatasetJson } from "./dataset-json.js";
import { imageEnding } from "./read-image.js";

/** A case's files: absolute paths. */
export interface RawCase {
  readonly id: string;
  /** One file a channel, or one 4-D file with all of them. */
  readonly images: readonly string[];
  /** Absent where the case has none. */
  readonly label?: string;
}

/** A raw data set as its dataset.json and folders describe it; no image has been opened yet. */
export interface RawDataset extends DatasetJson {
  /** Sorted by id. */
  readonly cases: readonly RawCase[];
}

/**
 * Where the files that dataset.json names may lie: below its folder, or anywhere, with $NAME standing for what the environment
 * has under that name, as in nnU-Net (utilities/utils.py).
 */
export type FilePlaces = "inside" | "anywhere";

/**
 * Reads `folder`/dataset.json and finds every case's files, with `unlabelled` those of images without a label too. Throws SPEC_INVALID or
 * INPUT_DAMAGED.
 */
export function readRawDataset(folder: string, places: FilePlaces = "inside", unlabelled = false): RawDataset {
  checkNamedFolder(folder, "a raw data set, a folder with dataset.json");
  const json = parseDatasetJson(
    readNamedJson(join(folder, "dataset.json"), "the dataset.json of nnU-Net or MSD"),
    unlabelled,
  );
  const listed = unlabelled ? listUnlabelled(folder, json, places) : listCases(folder, json, places);
  // One name has two spellings in Unicode, and file systems differ in which of them they keep.
  const named = listed.map((one) => ({ ...one, id: one.id.normalize("NFC") }));
  const cases = named.sort((a, b) => (a.id < b.id ? -1 : 1));
  if (cases.length === 0)
    throw damaged(folder, `it holds no ${unlabelled ? "" : "training "}case`, "a data set with at least one");
  for (const [i, { id, images, label }] of cases.entries()) {
    checkName("case id", id);
    if (cases[i + 1]?.id === id) throw damaged(label ?? `${images[0]}`, `case ${id} is listed twice`, "listed once");
  }
  return { ...json, cases };
}

/** Bytes of a name; a store puts up to 30 beside it, and file systems take 255. */
const MOST_NAME_BYTES = 200;

/**
 * What no name may have: separators; control, format and line characters, which are not seen; what is beyond U+FFFF, since JavaScript
 * and Python sort it differently; U+FFFD, which stands for bytes of a file name that are not UTF-8.
 */
const FORBIDDEN = /[/\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{FFFD}\u{10000}-\u{10FFFF}\p{Cs}]/u;

/** Beginnings and ends that a store has for itself (`~2` is a later generation), or that a reader would overlook. */
const MISLEADING = /^[.\s]|\s$|~\d+$/u;

/** Names of a store's own files: a case's folder of that name would be taken for one. */
const TAKEN: readonly string[] = ["zarr.json", PREVIOUS];

/** A name that becomes a folder: throws SPEC_INVALID for anything that could leave the store or hide in it. */
export function checkName(what: string, name: string): void {
  const isTooLong = Buffer.byteLength(name) > MOST_NAME_BYTES;
  if (name === "" || isTooLong || FORBIDDEN.test(name) || MISLEADING.test(name) || TAKEN.includes(name)) {
    const want = `a file name of letters that can be seen, of at most ${MOST_NAME_BYTES} bytes, without / and \\, not beginning with a dot or ending with ~ and a number`;
    throw new PatchstreamError({ code: "SPEC_INVALID", field: what, got: name, want });
  }
}

function listCases(folder: string, { channelNames, files }: DatasetJson, places: FilePlaces): RawCase[] {
  if (files.kind === "listed") {
    return files.cases.map((listed) => resolveListed(listed, channelNames.length, placeIn(folder, places)));
  }
  const channels = channelEndings(channelNames.length, files.fileEnding);
  const ids = imageIds(join(folder, "imagesTr"), channels, files.fileEnding);
  for (const name of visibleFiles(join(folder, "labelsTr"), files.fileEnding)) {
    const id = name.slice(0, -files.fileEnding.length);
    const named = id.replace(/_\d{4}$/, "");
    if (!ids.has(id) && ids.has(named)) {
      throw damaged(join(folder, "labelsTr", name), "it is named like an image", `named ${named}${files.fileEnding}`);
    }
    ids.add(id);
  }
  checkCount(folder, ids.size, files);
  return [...ids].map((id) => ({
    id,
    images: channels.map((channel) => join(folder, "imagesTr", `${id}${channel}`)),
    label: join(folder, "labelsTr", `${id}${files.fileEnding}`),
  }));
}

/** Names of the cases whose images lie in a folder. */
function imageIds(folder: string, channels: readonly string[], fileEnding: string): Set<string> {
  const ids = new Set<string>();
  for (const name of visibleFiles(folder, fileEnding)) {
    const channel = name.slice(name.lastIndexOf("_"));
    if (!channels.includes(channel)) {
      const want = `named CASE${channels.join(" or CASE")}`;
      throw damaged(join(folder, name), "it is no channel of dataset.json", want);
    }
    ids.add(name.slice(0, -channel.length));
  }
  return ids;
}

/**
 * The cases that dataset.json lists, with the labels that it names; where it lists none those of imagesTs, and those of imagesTr with the
 * labels that there are. A folder may be missing.
 */
function listUnlabelled(folder: string, json: DatasetJson, places: FilePlaces): RawCase[] {
  const { channelNames, files } = json;
  if (files.kind === "listed") return listCases(folder, json, places);
  const channels = channelEndings(channelNames.length, files.fileEnding);
  return ["imagesTr", "imagesTs"].flatMap((images) => {
    if (!existsSync(join(folder, images))) return [];
    return [...imageIds(join(folder, images), channels, files.fileEnding)].map((id) => {
      const label = join(folder, "labelsTr", `${id}${files.fileEnding}`);
      return {
        id,
        images: channels.map((channel) => join(folder, images, `${id}${channel}`)),
        ...(images === "imagesTr" && existsSync(label) && { label }),
      };
    });
  });
}

function checkCount(folder: string, found: number, { caseCount }: Extract<FileListing, { kind: "folders" }>): void {
  if (caseCount === undefined || caseCount === found) return;
  throw damaged(
    join(folder, "dataset.json"),
    `numTraining is ${caseCount}`,
    `${found}, the number of cases in imagesTr and labelsTr`,
  );
}

/** How the files of a case end, one a channel: `_0000.nii.gz` and so on. */
function channelEndings(count: number, fileEnding: string): string[] {
  return Array.from({ length: count }, (_, channel) => `_${String(channel).padStart(4, "0")}${fileEnding}`);
}

/**
 * A listed case. A `training` list names one image a case: a file with all channels (MSD), or in nnU-Net v1's form a name
 * that the files of the channels carry with _0000, _0001 and so on.
 */
function resolveListed(
  { id, images, label }: ListedCase,
  channelCount: number,
  place: (file: string) => string,
): RawCase {
  const labelled = label === undefined ? {} : { label: place(label) };
  if (id !== undefined) return { id, images: images.map(place), ...labelled };
  const image = place(images[0] as string);
  const ending = imageEnding(image);
  const stem = image.slice(0, image.length - ending.length);
  const channels = channelEndings(channelCount, ending).map((channel) => `${stem}${channel}`);
  const isSplit = !existsSync(image) && existsSync(channels[0] as string);
  return { id: basename(stem), images: isSplit ? channels : [image], ...labelled };
}

/** The absolute path of a file that dataset.json names. */
function placeIn(folder: string, places: FilePlaces): (file: string) => string {
  return (file) => {
    if (places === "anywhere") return resolve(folder, withEnvironment(file));
    const full = resolve(folder, file);
    const inside = relative(folder, full);
    if (inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside) || file.startsWith("$")) {
      const want = `below ${folder}, or read with --files anywhere`;
      throw damaged(file, "dataset.json names it, and it lies outside of the data set", want);
    }
    return full;
  };
}

function withEnvironment(file: string): string {
  return file.replace(/\$(?:(\w+)|\{(\w+)\})/g, (written, bare: string | undefined, braced: string | undefined) => {
    return process.env[bare ?? braced ?? ""] ?? written;
  });
}

function visibleFiles(folder: string, ending: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith(".") && name.endsWith(ending));
  } catch {
    throw damaged(folder, "there is no such folder", "a folder of images");
  }
}

function damaged(file: string, reason: string, want: string): PatchstreamError {
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want });
}
