import type { Preparation, PreparedSource } from "../loader/index.js";
import type { TrainedOn } from "../trainer/index.js";
import type { PreparedSize } from "./memory.js";

/** The label of an image, on its file's grid. */
export interface MadeLabel {
  /** (Z,Y,X) values of the training's source files. */
  readonly label: Uint8Array | Uint16Array;
  /** (K,Z,Y,X), where they were asked for. */
  readonly probabilities?: Float32Array | undefined;
  /** Steps that each checkpoint held which labelled, where these may change from image to image. */
  readonly steps?: readonly number[];
}

export interface LabelRequest {
  /** The image, in words. */
  readonly id: string;
  readonly probabilities: boolean;
  /** Told the share that is done, 0 to 1. */
  readonly tell: (share: number) => void;
}

/** Labels preprocessed images. */
export interface Labeller extends AsyncDisposable {
  /** Bytes on this machine that it takes whatever the image. */
  readonly ownBytes: number;
  /** Bytes on this machine beside them while an image is labelled. */
  bytesOf(size: PreparedSize): number;
  /** Throws what says something of this image alone as LIMIT_EXCEEDED or PROCESS_DIED. */
  label(image: PreparedSource, request: LabelRequest): Promise<MadeLabel>;
}

/** Models that label together, wherever they are. */
export interface Models {
  /** What images they take, and what their labels mean. */
  readonly trainedOn: TrainedOn;
  readonly preparation: Preparation;
  /** What tells them from all others. */
  readonly names: readonly string[];
  /** Whether the mean over mirrored images is taken. */
  readonly mirror: boolean;
  /** Makes them ready. */
  open(): Promise<Labeller>;
}
