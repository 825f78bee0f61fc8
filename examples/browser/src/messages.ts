import type { ClassVolume } from "patchstream/browser";

/** A model as its file holds it. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the page asks its worker for. */
export interface LabelJob {
  readonly model: ModelFile;
  readonly image: File;
  readonly mirror: boolean;
}

/** The label of a job's image. */
export interface Labelled {
  /** A gzipped NIfTI file. */
  readonly nifti: Blob;
  readonly volumes: readonly ClassVolume[];
  /** Voxels of the image that were NaN or infinite and counted as 0. */
  readonly zeroed: number;
  readonly seconds: number;
}

/** What the worker answers, in this order; nothing follows `done` and `failed`. */
export type WorkerAnswer =
  | { readonly kind: "runs-on"; readonly text: string }
  | { readonly kind: "progress"; readonly share: number }
  | { readonly kind: "done"; readonly labelled: Labelled }
  | { readonly kind: "failed"; readonly line: string };
