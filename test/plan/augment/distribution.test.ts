import test from "ava";
import { NNUNET_AUGMENTATION } from "../../../plan/augment/augmentation.js";
import { drawAugmentation } from "../../../plan/augment/draw-augmentation.js";
import type { Transform } from "../../../plan/augment/transform.js";
import type { Zyx } from "../../../plan/zyx.js";
import { checkDistribution, checkEvent, halfBelowOne, uniform } from "./likelihood.js";

const STEPS = 4000;
const BATCH = 25;
const SAMPLES = STEPS * BATCH;
const CHANNELS = 2;

/** Transforms of every sample of a training of two channels, by sample. */
function drawSamples(cropSize: Zyx): Transform[][] {
  return Array.from({ length: SAMPLES }, (_, index) => {
    const at = { step: Math.floor(index / BATCH), sample: index % BATCH };
    const place = { seed: 2 ** 33 + 5, timeline: "train", ...at } as const;
    return drawAugmentation(NNUNET_AUGMENTATION, { place, cropSize, channels: CHANNELS });
  });
}

const cubic = drawSamples([128, 128, 128]);
const flat = drawSamples([20, 320, 256]);

type Kind = Transform["kind"];
type Of<K extends Kind> = Extract<Transform, { kind: K }>;

/** The one transform of a kind in each sample that has it. */
function ofKind<K extends Kind>(samples: readonly Transform[][], kind: K): Of<K>[] {
  return samples.flatMap((transforms) => transforms.filter((one): one is Of<K> => one.kind === kind));
}

const gammas = (inverted: boolean) => ofKind(cubic, "gamma").filter((one) => one.inverted === inverted);
const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null);
const channel = <T>(lists: readonly (readonly (T | null)[])[], index: number): T[] =>
  present(lists.map((list) => list[index] ?? null));

test("turns happen to a fifth of the samples, zooms to a fifth, one without the other", (t) => {
  const spatial = ofKind(cubic, "spatial");
  const turned = spatial.filter(({ anglesRad }) => anglesRad.some((angle) => angle !== 0));
  checkEvent(t, "turned", turned.length, SAMPLES, 0.2);
  checkEvent(t, "zoomed", spatial.filter(({ scale }) => scale !== 1).length, SAMPLES, 0.2);
  checkEvent(t, "both", turned.filter(({ scale }) => scale !== 1).length, SAMPLES, 0.04);
  checkEvent(t, "either", spatial.length, SAMPLES, 0.36);
});

test("turns are uniform within 30 degrees about each axis by itself, zooms from 0.7 to 1.4", (t) => {
  const spatial = ofKind(cubic, "spatial");
  const turned = spatial.filter(({ anglesRad }) => anglesRad.some((angle) => angle !== 0));
  const limit = Math.PI / 6;
  for (const axis of [0, 1, 2] as const) {
    const angles = turned.map(({ anglesRad }) => anglesRad[axis]);
    checkDistribution(t, `axis ${axis}`, angles, uniform(-limit, limit));
  }
  for (const [one, other] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const quadrant = turned.filter(({ anglesRad }) => anglesRad[one] > 0 && anglesRad[other] > 0);
    checkEvent(t, `axes ${one} and ${other} both positive`, quadrant.length, turned.length, 0.25);
  }
  const scales = spatial.map(({ scale }) => scale).filter((scale) => scale !== 1);
  checkDistribution(t, "scale", scales, uniform(0.7, 1.4));
  t.true(spatial.every(({ inPlane }) => !inPlane));
});

test("flat patches are turned in plane only, by any angle", (t) => {
  const spatial = ofKind(flat, "spatial");
  t.true(spatial.every(({ inPlane, anglesRad: [, y, x] }) => inPlane && y === 0 && x === 0));
  const turned = spatial.map(({ anglesRad }) => anglesRad[0]).filter((angle) => angle !== 0);
  checkEvent(t, "turned", turned.length, SAMPLES, 0.2);
  checkDistribution(t, "angle", turned, uniform(-Math.PI, Math.PI));
});

test("noise comes to a tenth of the samples, its deviation uniform up to 0.1", (t) => {
  const noise = ofKind(cubic, "noise");
  checkEvent(t, "noise", noise.length, SAMPLES, 0.1);
  const sigmas = noise.map(({ sigma }) => sigma);
  checkDistribution(t, "sigma", sigmas, uniform(0, 0.1));
});

test("blur comes to each channel of a fifth of the samples by half, with its own sigma of 0.5 to 1 on each axis", (t) => {
  const blur = ofKind(cubic, "blur").map(({ sigmas }) => sigmas);
  checkEvent(t, "either channel", blur.length, SAMPLES, 0.2 * 0.75);
  checkEvent(t, "both channels", blur.filter((sigmas) => present(sigmas).length === 2).length, SAMPLES, 0.2 * 0.25);
  for (const index of [0, 1]) {
    const sigmas = channel(blur, index);
    checkEvent(t, `channel ${index}`, sigmas.length, SAMPLES, 0.2 * 0.5);
    for (const axis of [0, 1, 2] as const) {
      checkDistribution(
        t,
        `channel ${index} axis ${axis}`,
        sigmas.map((sigma) => sigma[axis]),
        uniform(0.5, 1),
      );
    }
  }
});

for (const kind of ["brightness", "contrast"] as const) {
  test(`${kind} comes to 15 % of the samples, each channel's factor half below 1 and half above, 0.75 to 1.25`, (t) => {
    const factors = ofKind(cubic, kind).map((one) => one.factors);
    checkEvent(t, kind, factors.length, SAMPLES, 0.15);
    t.true(factors.every((each) => each.length === CHANNELS && !each.includes(null)));
    for (const index of [0, 1])
      checkDistribution(t, `channel ${index}`, channel(factors, index), halfBelowOne(0.75, 1.25));
    const bothAbove = factors.filter((each) => each.every((factor) => factor !== null && factor > 1));
    checkEvent(t, "both above 1", bothAbove.length, factors.length, 0.25);
  });
}

test("low resolution comes to each channel of a quarter of the samples by half, with one zoom of 0.5 to 1 for all axes", (t) => {
  const zooms = ofKind(cubic, "low-resolution").map((one) => one.zooms);
  checkEvent(t, "either channel", zooms.length, SAMPLES, 0.25 * 0.75);
  for (const index of [0, 1]) {
    const ofChannel = channel(zooms, index);
    checkEvent(t, `channel ${index}`, ofChannel.length, SAMPLES, 0.25 * 0.5);
    t.true(ofChannel.every(([z, y, x]) => z === x && y === x));
    checkDistribution(
      t,
      `channel ${index}`,
      ofChannel.map(([z]) => z),
      uniform(0.5, 1),
    );
  }
});

test("low resolution keeps axis 0 of flat patches", (t) => {
  const zooms = ofKind(flat, "low-resolution").flatMap((one) => present(one.zooms));
  t.true(zooms.every(([z, y, x]) => z === 1 && y === x && x < 1));
});

for (const [inverted, probability] of [
  [true, 0.1],
  [false, 0.3],
] as const) {
  test(`gamma ${inverted ? "of negated" : "of"} values comes to ${probability} of the samples, exponents 0.7 to 1.5, half below 1`, (t) => {
    const exponents = gammas(inverted).map((one) => one.gammas);
    checkEvent(t, "gamma", exponents.length, SAMPLES, probability);
    for (const index of [0, 1])
      checkDistribution(t, `channel ${index}`, channel(exponents, index), halfBelowOne(0.7, 1.5));
  });
}

test("each axis is mirrored in half of the samples, each of the eight ways in an eighth", (t) => {
  const ways = cubic.map((transforms) => transforms.find((one) => one.kind === "mirror")?.axes.join("") ?? "");
  for (const way of ["", "0", "1", "2", "01", "02", "12", "012"]) {
    checkEvent(t, `axes ${way}`, ways.filter((one) => one === way).length, SAMPLES, 1 / 8);
  }
});

/** Name and probability of each event that a sample may have. */
const EVENTS: readonly [name: string, probability: number, has: (transform: Transform) => boolean][] = [
  ["spatial", 0.36, ({ kind }) => kind === "spatial"],
  ["noise", 0.1, ({ kind }) => kind === "noise"],
  ["blur", 0.2 * 0.75, ({ kind }) => kind === "blur"],
  ["brightness", 0.15, ({ kind }) => kind === "brightness"],
  ["contrast", 0.15, ({ kind }) => kind === "contrast"],
  ["low-resolution", 0.25 * 0.75, ({ kind }) => kind === "low-resolution"],
  ["gamma inverted", 0.1, (one) => one.kind === "gamma" && one.inverted],
  ["gamma", 0.3, (one) => one.kind === "gamma" && !one.inverted],
  ["mirror z", 0.5, (one) => one.kind === "mirror" && one.axes.includes(0)],
];

test("no event depends on another of the same sample, of the next sample, or of the next step", (t) => {
  const happened = EVENTS.map(([, , has]) => cubic.map((transforms) => transforms.some(has)));
  for (const [i, [name, probability]] of EVENTS.entries()) {
    for (const [j, [other, otherProbability]] of EVENTS.entries()) {
      for (const distance of [0, 1, BATCH]) {
        if (distance === 0 && i === j) continue;
        const pairs = SAMPLES - distance;
        const both = cubic.filter((_, at) => at < pairs && happened[i]?.[at] && happened[j]?.[at + distance]).length;
        const expected = probability * otherProbability;
        checkEvent(t, `${name}, and ${other} ${distance} samples later`, both, pairs, expected);
      }
    }
  }
});
