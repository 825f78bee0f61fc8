import type { PlaneVoxels } from "./planes.js";

type Sharp = typeof import("sharp")["default"];
type Rgb = readonly [red: number, green: number, blue: number];

/** Grey goes from this percentile of a sample's values to the other, as in a preview. */
const DARKEST = 0.005;
const BRIGHTEST = 0.995;
const QUALITY = 82;

/** Grey, 0 to 255, of a value of these planes. Where all values are equal it is half way. */
export function greyOf(planes: readonly PlaneVoxels[]): (value: number) => number {
  const values = Float32Array.from(planes.flatMap(({ image }) => [...image])).sort();
  const last = values.length - 1;
  const [low, high] = [values[Math.floor(last * DARKEST)] ?? 0, values[Math.ceil(last * BRIGHTEST)] ?? 0];
  if (!(high > low)) return () => 128;
  return (value) => Math.min(255, Math.max(0, ((value - low) / (high - low)) * 255));
}

const dataUri = (type: string, bytes: Buffer) => `data:image/${type};base64,${bytes.toString("base64")}`;

/** The image of a plane as a `data:` address. */
export async function imagePicture(sharp: Sharp, plane: PlaneVoxels, grey: (value: number) => number): Promise<string> {
  const { width, height } = plane;
  const pixels = Uint8Array.from(plane.image, grey);
  const bytes = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .webp({ quality: QUALITY })
    .toBuffer();
  return dataUri("webp", bytes);
}

/** The label of a plane, to lie over its image: see-through but for classes. */
export async function labelPicture(
  sharp: Sharp,
  { label, width, height }: PlaneVoxels,
  colours: ReadonlyMap<number, Rgb>,
): Promise<string> {
  const pixels = new Uint8Array(4 * width * height);
  for (const [at, value] of label.entries()) {
    const colour = colours.get(value);
    if (colour !== undefined) pixels.set([...colour, 255], 4 * at);
  }
  return dataUri(
    "png",
    await sharp(pixels, { raw: { width, height, channels: 4 } })
      .png({ palette: true })
      .toBuffer(),
  );
}
