import { Niivue, NVImage, SHOW_RENDER } from "@niivue/niivue";
import type { ClassVolume } from "patchstream/browser";
import { colourOf, rgbOf } from "./colours.js";

export interface Viewer {
  /** Shows an image, in place of all that was shown. Rejects where NiiVue cannot read it. */
  showImage(file: File): Promise<void>;
  /** Lays a label over it, and the cross hair into its middle. Rejects where the image could not be shown. */
  showLabel(file: File, volumes: readonly ClassVolume[], opacity: number): Promise<void>;
  setOpacity(opacity: number): void;
  clear(): void;
}

/** How far a key moves the cross hair, in voxels (X,Y,Z). */
const MOVES: Readonly<Record<string, readonly [x: number, y: number, z: number]>> = {
  ArrowLeft: [-1, 0, 0],
  ArrowRight: [1, 0, 0],
  ArrowUp: [0, 1, 0],
  ArrowDown: [0, -1, 0],
  PageUp: [0, 0, 1],
  PageDown: [0, 0, -1],
};

/** Three planes and a rendering on `canvas`; undefined where the browser cannot draw them (no WebGL 2). */
export async function openViewer(canvas: HTMLCanvasElement): Promise<Viewer | undefined> {
  if (document.createElement("canvas").getContext("webgl2") === null) return undefined;
  const niivue = new Niivue({
    backColor: [0, 0, 0, 1],
    crosshairColor: [1, 1, 1, 0.8],
    crosshairWidth: 0.15,
    crosshairWidthUnit: "voxels",
    dragAndDropEnabled: false,
    isColorbar: false,
    loadingText: "",
    logLevel: "error",
    multiplanarShowRender: SHOW_RENDER.ALWAYS,
    isAntiAlias: true,
  });
  await niivue.attachToCanvas(canvas);
  niivue.setInterpolation(true); // voxels as they are, not blurred
  canvas.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (move === undefined || niivue.volumes.length === 0) return;
    event.preventDefault();
    niivue.moveCrosshairInVox(...move);
  });
  const removeFrom = (first: number) => {
    for (const volume of niivue.volumes.slice(first).reverse()) niivue.removeVolume(volume);
  };
  // Reading takes a while: what was asked for last is shown, not what was read last, and a label only over its image.
  let asked = 0;
  let image: Promise<NVImage> | undefined;
  return {
    async showImage(file) {
      const mine = ++asked;
      image = NVImage.loadFromFile({ file, name: file.name });
      const loaded = await image;
      if (mine !== asked) return;
      removeFrom(0);
      niivue.addVolume(loaded);
    },
    async showLabel(file, volumes, opacity) {
      const of = asked;
      const label = await NVImage.loadFromFile({ file, name: file.name });
      await image;
      if (of !== asked || niivue.volumes.length === 0) return;
      label.setColormapLabel(colourMap(volumes));
      label.opacity = opacity;
      removeFrom(1);
      niivue.addVolume(label);
      const centre = middleMm(label);
      if (centre === undefined) return;
      niivue.scene.crosshairPos = niivue.mm2frac(centre);
      niivue.drawScene();
    },
    setOpacity(opacity) {
      if (niivue.volumes.length > 1) niivue.setOpacity(1, opacity);
    },
    clear() {
      asked++;
      removeFrom(0);
    },
  };
}

/** The mean place (X,Y,Z, mm) of the voxels that are not 0; undefined where all are. */
function middleMm({ img, hdr }: NVImage): [x: number, y: number, z: number] | undefined {
  if (!img || !hdr) return undefined;
  const [, width, height] = hdr.dims as [number, number, number];
  let [count, x, y, z] = [0, 0, 0, 0];
  for (const [i, value] of img.entries()) {
    if (value === 0) continue;
    count++;
    x += i % width;
    y += Math.floor(i / width) % height;
    z += Math.floor(i / (width * height));
  }
  if (count === 0) return undefined;
  const place = (row: number) => {
    const [toX = 0, toY = 0, toZ = 0, origin = 0] = hdr.affine[row] ?? [];
    return (toX * x + toY * y + toZ * z) / count + origin;
  };
  return [place(0), place(1), place(2)];
}

/** NiiVue's colour of each value in the file: nothing for the background. */
function colourMap(volumes: readonly ClassVolume[]) {
  const colours = volumes.map((_, index) => rgbOf(colourOf(index)));
  return {
    I: [0, ...volumes.map(({ sourceValue }) => sourceValue)],
    R: [0, ...colours.map(([r]) => r)],
    G: [0, ...colours.map(([, g]) => g)],
    B: [0, ...colours.map(([, , b]) => b)],
    A: [0, ...volumes.map(() => 255)],
    labels: ["background", ...volumes.map(({ name }) => name)],
  };
}
