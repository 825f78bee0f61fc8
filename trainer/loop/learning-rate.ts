/** nnU-Net's `PolyLRScheduler`: lr(e) = lr0 (1 - e / E)^0.9, set once an epoch. */
export function polyLearningRate(initial: number, epoch: number, epochs: number): number {
  return initial * (1 - epoch / epochs) ** 0.9;
}
