import type { Zyx } from "../../../plan/index.js";
import type { ShownCase, Volumes } from "../volumes.js";
import { greyOf, imagePicture, labelPicture } from "./plane-picture.js";
import { PLANES, type PlaneVoxels, planeOf } from "./planes.js";

type Sharp = typeof import("sharp")["default"];

/** Pixels of the longest side of a plane on the page. */
const VOLUME_SIDE = 260;
const PATCH_SIDE = 180;

/** A plane as a page shows it. */
export interface PlaneView {
  readonly name: string;
  /** Pixels: sides have the proportions that they have in mm. */
  readonly width: number;
  readonly height: number;
  /** `data:` addresses. */
  readonly image: string;
  readonly label: string;
  /** What of the crop's box lies in this plane, in percent of its width and height. */
  readonly box?: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
}

/** What views are drawn with. */
export interface Drawing {
  readonly sharp: Sharp;
  /** By label value. */
  readonly colours: ReadonlyMap<number, readonly [number, number, number]>;
}

async function drawn(planes: readonly PlaneVoxels[], sizeMm: Zyx, side: number, { sharp, colours }: Drawing) {
  const grey = greyOf(planes);
  const zoom = side / Math.max(...sizeMm);
  return await Promise.all(
    PLANES.map(async ({ name, down, right }, index) => {
      const plane = planes[index] as PlaneVoxels;
      return {
        name,
        width: Math.max(1, Math.round(sizeMm[right] * zoom)),
        height: Math.max(1, Math.round(sizeMm[down] * zoom)),
        image: await imagePicture(sharp, plane, grey),
        label: await labelPicture(sharp, plane, colours),
      };
    }),
  );
}

const inMm = (size: Zyx, spacingMm: Zyx): Zyx => [
  size[0] * spacingMm[0],
  size[1] * spacingMm[1],
  size[2] * spacingMm[2],
];

/** The three planes of a case through the middle of a box (start and size in store voxels), or the next to it inside of the volume. */
export async function volumeViews(
  volumes: Volumes,
  { id, shape, spacingMm }: ShownCase,
  box: { readonly start: Zyx; readonly size: Zyx },
  drawing: Drawing,
): Promise<PlaneView[]> {
  const size: Zyx = [shape[1], shape[2], shape[3]];
  const planes: PlaneVoxels[] = [];
  for (const plane of PLANES) {
    const { through } = plane;
    const middle = box.start[through] + Math.floor(box.size[through] / 2);
    const at = Math.min(size[through] - 1, Math.max(0, middle));
    const only = (inside: number) =>
      size.map((extent, axis) => (axis === through ? inside : extent)) as [number, number, number];
    const start = [0, 0, 0].map((zero, axis) => (axis === through ? at : zero)) as [number, number, number];
    const region = { start, end: only(at + 1) };
    const image = await volumes.readImage(id, region);
    const label = await volumes.readLabel(id, region);
    planes.push(planeOf({ image, label }, only(1), plane, 0));
  }
  const percent = (voxel: number, axis: 0 | 1 | 2) => (100 * Math.min(size[axis], Math.max(0, voxel))) / size[axis];
  const from = (axis: 0 | 1 | 2) => percent(box.start[axis], axis);
  const extent = (axis: 0 | 1 | 2) => percent(box.start[axis] + box.size[axis], axis) - from(axis);
  return (await drawn(planes, inMm(size, spacingMm), VOLUME_SIDE, drawing)).map((view, index) => {
    const { down, right } = PLANES[index] as (typeof PLANES)[number];
    return {
      ...view,
      box: { left: from(right), top: from(down), width: extent(right), height: extent(down) },
    };
  });
}

/** The three middle planes of a patch as the network gets it: `image` of one channel. */
export async function patchViews(
  patch: { readonly image: Float32Array; readonly label: Int16Array },
  size: Zyx,
  spacingMm: Zyx,
  drawing: Drawing,
): Promise<PlaneView[]> {
  const planes = PLANES.map((plane) => planeOf(patch, size, plane, Math.floor(size[plane.through] / 2)));
  return await drawn(planes, inMm(size, spacingMm), PATCH_SIDE, drawing);
}
