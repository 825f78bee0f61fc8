/** What online validation has shown until now: a training that is resumed goes on from it to the same decisions. */
export interface Progress {
  /** Epochs that have ended: all their steps are taken, and they are validated. Epochs without a step count. */
  readonly epochs: number;
  /** Moving average of the pseudo Dice. Absent before the first epoch that had one. */
  readonly smoothedPseudoDice?: number;
  /** The highest moving average so far: that of the best checkpoint. */
  readonly bestPseudoDice?: number;
  /** Of adaptive control, after the last epoch. */
  readonly plateau?: Plateau;
}

/** How long the moving average has not risen in the stage in which the last epoch ended. */
export interface Plateau {
  readonly stage: number;
  /** Epochs that ended in it without another between them. */
  readonly epochs: number;
  /** The last moving average that counted as a rise. Absent before there was any. */
  readonly highest?: number;
  /** Epochs since then. */
  readonly epochsSince: number;
}
