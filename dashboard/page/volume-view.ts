import { Niivue, NVImage, SHOW_RENDER } from "@niivue/niivue";
import { distinctColours } from "../../loader/browser.js";
import type { BatchSample, VolumeHeader } from "../messages.js";
import { size } from "./words.js";

/** How far a key moves the cross hair, in voxels (X,Y,Z). */
const MOVES: Readonly<Record<string, readonly [x: number, y: number, z: number]>> = {
  ArrowLeft: [-1, 0, 0],
  ArrowRight: [1, 0, 0],
  ArrowUp: [0, 1, 0],
  ArrowDown: [0, -1, 0],
  PageUp: [0, 0, 1],
  PageDown: [0, 0, -1],
};

/** NIfTI's codes. */
const FLOAT32 = 16;
const UINT8 = 2;

/** One viewer a canvas. */
const viewers = new WeakMap<HTMLCanvasElement, Promise<Niivue>>();

/** Draws what the server sent (`VolumeHeader`, image, label), its label over it, and the edges of the sample's box. Says in words what is shown. */
export async function showVolume(
  canvas: HTMLCanvasElement,
  bytes: ArrayBuffer,
  { start, size: boxSize }: BatchSample,
): Promise<string> {
  if (document.createElement("canvas").getContext("webgl2") === null)
    throw new Error("This browser cannot draw volumes: it has no WebGL 2.");
  const length = new DataView(bytes).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as VolumeHeader;
  const [depth, height, width] = header.size as [number, number, number];
  const voxels = depth * height * width;
  const image = new Float32Array(bytes, 4 + length, voxels);
  const label = new Int16Array(bytes, 4 + length + 4 * voxels, voxels);
  const first = start.map((place, axis) => place - (header.start[axis] ?? 0)) as [number, number, number];
  const viewer = await viewerOn(canvas);
  for (const volume of [...viewer.volumes].reverse()) viewer.removeVolume(volume);
  viewer.addVolume(await niftiOf(header, FLOAT32, new Uint8Array(image.buffer, image.byteOffset, image.byteLength)));
  const names = Object.entries(header.classNames).filter(([value]) => value !== "0");
  const overlay = await niftiOf(
    header,
    UINT8,
    Uint8Array.from(label, (value) => Math.max(0, value)),
  );
  overlay.setColormapLabel(labelColours(names.map(([value, name]) => [Number(value), name])));
  overlay.opacity = 0.55;
  viewer.addVolume(overlay);
  const box = await niftiOf(header, UINT8, edges(header.size, first, boxSize));
  box.setColormapLabel({ I: [0, 1], R: [0, 255], G: [0, 255], B: [0, 0], A: [0, 255], labels: ["", "box"] });
  viewer.addVolume(box);
  const [z, y, x] = first.map((place, axis) => (place + (boxSize[axis] ?? 0) / 2) / (header.size[axis] ?? 1));
  viewer.scene.crosshairPos = [x ?? 0.5, y ?? 0.5, z ?? 0.5] as unknown as typeof viewer.scene.crosshairPos;
  viewer.updateGLVolume();
  viewer.drawScene();
  const isAll = header.size.join() === header.volumeSize.join();
  const part = isAll
    ? `The whole volume, ${size(header.size)} voxels`
    : `${size(header.size)} of ${size(header.volumeSize)} voxels`;
  return `${part} (Z, Y, X), ${header.spacingMm.map((mm) => Number(mm.toFixed(2))).join(" x ")} mm each. Yellow: the box. In colour: ${names.map(([, name]) => name).join(", ")}.`;
}

function viewerOn(canvas: HTMLCanvasElement): Promise<Niivue> {
  const known = viewers.get(canvas);
  if (known !== undefined) return known;
  const opened = openViewer(canvas);
  viewers.set(canvas, opened);
  return opened;
}

async function openViewer(canvas: HTMLCanvasElement): Promise<Niivue> {
  const viewer = new Niivue({
    backColor: [0, 0, 0, 1],
    crosshairColor: [1, 1, 1, 0.8],
    crosshairWidth: 0.3,
    crosshairWidthUnit: "voxels",
    dragAndDropEnabled: false,
    isColorbar: false,
    loadingText: "",
    logLevel: "error",
    multiplanarShowRender: SHOW_RENDER.ALWAYS,
  });
  await viewer.attachToCanvas(canvas);
  viewer.setInterpolation(true); // voxels as they are, not blurred
  canvas.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (move === undefined) return;
    event.preventDefault();
    viewer.moveCrosshairInVox(...move);
  });
  return viewer;
}

/** A volume (Z,Y,X, C order) as NiiVue takes it: x is the fastest axis of both. */
function niftiOf(
  { size: [z = 1, y = 1, x = 1], spacingMm: [dz = 1, dy = 1, dx = 1] }: VolumeHeader,
  type: number,
  voxels: Uint8Array,
): Promise<NVImage> {
  const affine = [dx, 0, 0, 0, 0, dy, 0, 0, 0, 0, dz, 0, 0, 0, 0, 1];
  const file = NVImage.createNiftiArray([x, y, z], [dx, dy, dz], affine, type, voxels);
  return NVImage.loadFromFile({ file: new File([file as Uint8Array<ArrayBuffer>], "volume.nii"), name: "volume.nii" });
}

/** 1 on the twelve edges of a box (Z,Y,X) where they lie in the volume, 0 elsewhere. */
function edges(
  [depth = 0, height = 0, width = 0]: readonly number[],
  start: readonly number[],
  boxSize: readonly number[],
): Uint8Array {
  const voxels = new Uint8Array(depth * height * width);
  const ends = start.map((from, axis) => [from, from + (boxSize[axis] ?? 1) - 1] as const);
  const [zEnds, yEnds, xEnds] = ends as [
    readonly [number, number],
    readonly [number, number],
    readonly [number, number],
  ];
  const put = (z: number, y: number, x: number) => {
    if (z >= 0 && y >= 0 && x >= 0 && z < depth && y < height && x < width) voxels[(z * height + y) * width + x] = 1;
  };
  const along = ([from, to]: readonly [number, number], each: (at: number) => void) => {
    for (let at = from; at <= to; at++) each(at);
  };
  for (const y of yEnds) for (const x of xEnds) along(zEnds, (z) => put(z, y, x));
  for (const z of zEnds) for (const x of xEnds) along(yEnds, (y) => put(z, y, x));
  for (const z of zEnds) for (const y of yEnds) along(xEnds, (x) => put(z, y, x));
  return voxels;
}

/** Of label values, ascending: the colours that the montage beside it has for them. */
function labelColours(names: readonly (readonly [value: number, name: string])[]) {
  const colours = distinctColours(names.length);
  return {
    I: [0, ...names.map(([value]) => value)],
    R: [0, ...colours.map(([r]) => r)],
    G: [0, ...colours.map(([, g]) => g)],
    B: [0, ...colours.map(([, , b]) => b)],
    A: [0, ...names.map(() => 255)],
    labels: ["background", ...names.map(([, name]) => name)],
  };
}
