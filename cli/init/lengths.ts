/** How long a training may be. */
export const LENGTHS = {
  try: {
    about: "a first look: every stage once, 12 steps each",
    stepsPerEpoch: 12,
    valSteps: 4,
    training: { learningRate: 0.1, momentum: 0.9 },
    why: "nnU-Net's 0.01 and 0.99 are for long trainings; a short one learns faster with these",
  },
  short: { about: "100 epochs of 250 steps", epochs: 100, stepsPerEpoch: 250, valSteps: 50 },
  full: { about: "1000 epochs of 250 steps, as nnU-Net and the paper", epochs: 1000, stepsPerEpoch: 250, valSteps: 50 },
} as const;

export type Length = keyof typeof LENGTHS;
