import type { Mode } from "../curriculum/modes.js";
import { NNUNET_FOREGROUND_FRACTION, type Strategy } from "./resolved-spec.js";

/** How batches are built unless the spec says otherwise. */
export interface BatchDefaults {
  readonly strategy: Strategy;
  readonly foregroundFraction: number;
}

/** nnU-Net's own; a user's own stages have them too. */
export const NNUNET_BATCH: BatchDefaults = { strategy: "nnunet", foregroundFraction: NNUNET_FOREGROUND_FRACTION };

/** How the paper (2.4.1, 2.4.2, 3.4, Appendix A), and for the last three modes the 2024 code, build batches. */
export const MODE_DEFAULTS: Readonly<Record<Mode, BatchDefaults>> = {
  constant: NNUNET_BATCH,
  efficiency: NNUNET_BATCH,
  performance: { strategy: "split-crop", foregroundFraction: 0.5 },
  "progressive-resolution": NNUNET_BATCH,
  pgps: { strategy: "nnunet", foregroundFraction: 0.5 },
  "pgps-plus": { strategy: "single-crop", foregroundFraction: 0.5 },
  rpss: { strategy: "nnunet", foregroundFraction: 0.5 },
};
