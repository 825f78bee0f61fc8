import type { DrawPlace } from "../random.js";
import type { Zyx } from "../zyx.js";

/** The sample whose augmentation is drawn. */
export interface Subject {
  readonly place: DrawPlace;
  /** The box that is cut from the volume (Z,Y,X). */
  readonly cropSize: Zyx;
  /** Channels of the image. */
  readonly channels: number;
}
