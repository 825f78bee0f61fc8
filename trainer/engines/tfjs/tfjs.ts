/** The tfjs functions that every backend shares. */
export type Tfjs = typeof import("@tensorflow/tfjs-core");
