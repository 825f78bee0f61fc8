import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { lookAtNamed } from "../disk/index.js";
import { IMAGE_ENDINGS, imageEnding, labelEnding } from "../loader/index.js";
import { PatchstreamError } from "../plan/index.js";

/** An image that is to be labelled. */
export interface ImageToLabel {
  /** Its files' name without channel and ending. */
  readonly id: string;
  /** One a channel, in their order, or one with all. */
  readonly files: readonly string[];
  /** Where its label goes. */
  readonly label: string;
}

/** An image that cannot be labelled, and why. */
export interface RefusedImage {
  readonly id: string;
  readonly error: PatchstreamError;
}

/** The channel in a name: nnU-Net's `_0000`. */
const CHANNEL = /_(\d{4})$/;

/** A file of an image, by its name. */
interface NamedFile {
  readonly path: string;
  /** Name without ending, and without the channel where it has one. */
  readonly id: string;
  readonly channel: number | undefined;
}

function damaged(file: string, reason: string, want: string): PatchstreamError {
  return new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want });
}

/**
 * Images among `paths`, files and folders of files, for a model with `channelNames`, sorted by id. Files that end in `_0000`, `_0001`
 * and so on are channels of one image; of an image of which one is named the others are taken from beside it. Their labels go to `out`
 * under the image's name, with the image's ending. What cannot be labelled is told with the reason; nothing is opened.
 */
export function listImages(
  paths: readonly string[],
  channelNames: readonly string[],
  out: string,
): (ImageToLabel | RefusedImage)[] {
  const listed: (ImageToLabel | RefusedImage)[] = [];
  const groups = new Map<string, NamedFile[]>();
  for (const path of new Set(paths.map((each) => resolve(each)))) {
    const isFolder = lookAtNamed(path)?.isDirectory() ?? false;
    const files = isFolder ? imagesIn(path) : [path];
    if (files.length === 0)
      listed.push({ id: basename(path), error: damaged(path, "it holds no image", `a folder of ${endings()} files`) });
    for (const file of files) {
      const named = readName(file, channelNames.length);
      const key = named.channel === undefined ? file : join(dirname(file), `${named.id}${imageEnding(file)}`);
      const group = groups.get(key) ?? [];
      if (!group.some((one) => one.path === file)) groups.set(key, [...group, named]);
    }
  }
  for (const group of groups.values()) listed.push(imageOf(group, channelNames, out));
  return refuseTwins(listed.sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id))));
}

function endings(): string {
  return IMAGE_ENDINGS.join(", ");
}

function imagesIn(folder: string): string[] {
  const isImage = (name: string) => !name.startsWith(".") && imageEnding(name) !== "";
  return readdirSync(folder)
    .filter(isImage)
    .map((name) => join(folder, name));
}

/** A number at the end of a name is a channel where the model has that channel, or where it has a first one beside it. */
function readName(path: string, channelCount: number): NamedFile {
  const ending = imageEnding(path);
  const stem = basename(path).slice(0, basename(path).length - ending.length);
  const digits = CHANNEL.exec(stem)?.[1];
  if (digits === undefined) return { path, id: stem, channel: undefined };
  const id = stem.slice(0, -1 - digits.length);
  const isChannel = Number(digits) < channelCount || existsSync(join(dirname(path), `${id}_0000${ending}`));
  return isChannel ? { path, id, channel: Number(digits) } : { path, id: stem, channel: undefined };
}

function imageOf(
  group: readonly NamedFile[],
  channelNames: readonly string[],
  out: string,
): ImageToLabel | RefusedImage {
  const [{ path, id, channel }] = group as [NamedFile];
  const ending = imageEnding(path);
  if (ending === "") {
    const error = existsSync(path)
      ? damaged(path, "its name does not end as an image's", `a file of ${endings()}`)
      : damaged(path, "there is no such file", "an image, or a folder of images");
    return { id, error };
  }
  const files = channel === undefined ? [path] : channelNames.map((_, at) => channelFile(path, id, at));
  const label = join(resolve(out), `${id}${labelEnding(path)}`);
  const error = refusalOf(group, files, channelNames) ?? refusalOfPlace(label, files);
  return error === undefined ? { id, files, label } : { id, error };
}

function channelFile(path: string, id: string, channel: number): string {
  return join(dirname(path), `${id}_${String(channel).padStart(4, "0")}${imageEnding(path)}`);
}

function refusalOf(
  group: readonly NamedFile[],
  files: readonly string[],
  channelNames: readonly string[],
): PatchstreamError | undefined {
  const tooMany = group.find(({ channel }) => (channel ?? 0) >= channelNames.length);
  if (tooMany !== undefined) {
    const reason = `it is channel ${tooMany.channel} of its image`;
    return damaged(
      tooMany.path,
      reason,
      `one of ${channelNames.length}, ${describe(channelNames)}: the model's channels`,
    );
  }
  const missing = files.findIndex((file) => !existsSync(file));
  if (missing < 0) return undefined;
  const reason =
    group[0]?.channel === undefined
      ? "there is no such file"
      : `there is no such file, channel ${missing} of its image`;
  return damaged(files[missing] as string, reason, `there: the model takes ${describe(channelNames)}`);
}

function describe(channelNames: readonly string[]): string {
  return channelNames.map((name, channel) => `${channel} ${name}`).join(", ");
}

function refusalOfPlace(label: string, files: readonly string[]): PatchstreamError | undefined {
  if (!files.includes(label)) return undefined;
  return damaged(label, "its label would be written over it", "in another folder than --out");
}

/** Of images whose labels would have one file, the first is taken. */
function refuseTwins(listed: readonly (ImageToLabel | RefusedImage)[]): (ImageToLabel | RefusedImage)[] {
  const taken = new Map<string, ImageToLabel>();
  return listed.map((one) => {
    if ("error" in one) return one;
    const twin = taken.get(one.label);
    taken.set(one.label, twin ?? one);
    if (twin === undefined) return one;
    const [file, other] = [one.files[0], twin.files[0]] as [string, string];
    return { id: one.id, error: damaged(file, `its label would have the name of that of ${other}`, "of another name") };
  });
}
