import { type Augmentation, NNUNET_AUGMENTATION, type Range } from "../augment/augmentation.js";
import { refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import { entries, integer, list, object, type Read, real, truth, word } from "./read.js";

type Kind = Augmentation["kind"];

const probability = real(0, 1);

const axis: Read<0 | 1 | 2> = (value, field) =>
  value === 0 || value === 1 || value === 2 ? value : refuse(field, value, "0, 1 or 2 (Z, Y or X)");

type OptionalBeside<A> = A extends { readonly kind: Kind } ? Pick<A, "kind"> & Partial<Omit<A, "kind">> : never;

/** One transform as it may be written: what is left out of it is nnU-Net's. */
export type AugmentationInput = OptionalBeside<Augmentation>;

/** Readers of each kind's fields; every field may be left out. */
const READERS: { readonly [K in Kind]: Read<Partial<Augmentation & { kind: K }>> } = {
  spatial: object({
    kind: word(["spatial"]),
    rotationProbability: probability,
    rotationDegrees: range(-180, 180),
    inPlaneDegrees: range(-180, 180),
    scalingProbability: probability,
    scaling: range(0.25, 4),
  }),
  noise: object({ kind: word(["noise"]), probability, range: range(0, 10) }),
  blur: object({ kind: word(["blur"]), probability, channelProbability: probability, range: range(0.1, 5) }),
  brightness: object({ kind: word(["brightness"]), probability, range: range(0, 10) }),
  contrast: object({ kind: word(["contrast"]), probability, range: range(0, 10) }),
  "low-resolution": object({
    kind: word(["low-resolution"]),
    probability,
    channelProbability: probability,
    range: range(0.1, 1),
  }),
  gamma: object({ kind: word(["gamma"]), inverted: truth, probability, range: range(0.1, 10) }),
  mirror: object({ kind: word(["mirror"]), axes: withoutRepeats(list(axis, 1, 3)) }),
  mask: object({
    kind: word(["mask"]),
    channels: withoutRepeats(list(integer(0, LIMITS.channels - 1), 1, LIMITS.channels)),
  }),
};

const readKind = word(Object.keys(READERS) as Kind[]);

const PROFILES = {
  none: [],
  nnunet: NNUNET_AUGMENTATION,
  "nnunet-nomirror": NNUNET_AUGMENTATION.filter(({ kind }) => kind !== "mirror"),
} satisfies Readonly<Record<string, readonly Augmentation[]>>;

/** The name of a list of transforms. */
export type AugmentationProfile = keyof typeof PROFILES;

const PROFILE_OF = new Map<unknown, readonly Augmentation[]>(Object.entries(PROFILES));

/** A profile's name, or a list of transforms, which is sorted into nnU-Net's order. */
export const readAugmentation: Read<readonly Augmentation[]> = (value, field) => {
  const profile = PROFILE_OF.get(value);
  if (profile !== undefined) return profile;
  if (!Array.isArray(value)) refuse(field, value, '"none", "nnunet", "nnunet-nomirror" or a list of transforms');
  const read = list(readEntry, 0, NNUNET_AUGMENTATION.length)(value, field);
  const repeated = read.findIndex((entry, index) => read.findIndex((one) => orderOf(one) === orderOf(entry)) < index);
  if (repeated >= 0) refuse(`${field}[${repeated}]`, value[repeated], "a transform that the list does not hold yet");
  return read.toSorted((one, other) => orderOf(one) - orderOf(other));
};

/** One transform; what is left out of it is nnU-Net's. */
const readEntry: Read<Augmentation> = (value, field) => {
  const kind = readKind(Object.fromEntries(entries(value, field)).kind, `${field}.kind`);
  const given = READERS[kind](value, field);
  const defaults = NNUNET_AUGMENTATION[orderOf({ inverted: false, ...given, kind })];
  return { ...defaults, ...given } as Augmentation;
};

/** Where a transform stands in nnU-Net's list. The two gammas are two transforms. */
function orderOf(entry: { readonly kind: Kind; readonly inverted?: boolean }): number {
  return NNUNET_AUGMENTATION.findIndex(
    (one) => one.kind === entry.kind && (one.kind !== "gamma" || one.inverted === entry.inverted),
  );
}

function withoutRepeats<T>(read: Read<readonly T[]>): Read<readonly T[]> {
  return (value, field) => {
    const values = read(value, field);
    return new Set(values).size === values.length ? values : refuse(field, value, "a list without repeats");
  };
}

/** Two numbers from `min` to `max`, the first not above the second. */
function range(min: number, max: number): Read<Range> {
  const read = list(real(min, max), 2, 2);
  return (value, field) => {
    const [low, high] = read(value, field) as readonly number[] as Range;
    return low <= high ? [low, high] : refuse(field, value, "two numbers, the first not above the second");
  };
}
