const SIZE = 624;
const SHIFT = 397;

/**
 * MT19937 as numpy's `RandomState(seed)` seeds and uses it (numpy/random/src/mt19937). It is here for one purpose: to
 * make nnU-Net's splits; everything else is drawn by `random.ts`.
 */
export interface MersenneTwister {
  /** Next unsigned 32-bit word. */
  nextWord(): number;
}

/** The generator of a seed of 0 to 2^32 - 1. */
export function mersenneTwister(seed: number): MersenneTwister {
  const state = new Uint32Array(SIZE);
  for (let i = 0, word = seed; i < SIZE; i++) {
    state[i] = word;
    word = (Math.imul(1812433253, word ^ (word >>> 30)) + i + 1) >>> 0;
  }
  let position = SIZE;
  return {
    nextWord() {
      if (position === SIZE) {
        twist(state);
        position = 0;
      }
      return temper(state[position++] as number);
    },
  };
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < SIZE; i++) {
    const mixed = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % SIZE] as number) & 0x7fffffff);
    state[i] = (state[(i + SHIFT) % SIZE] as number) ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
  }
}

function temper(word: number): number {
  let out = word;
  out ^= out >>> 11;
  out ^= (out << 7) & 0x9d2c5680;
  out ^= (out << 15) & 0xefc60000;
  out ^= out >>> 18;
  return out >>> 0;
}

/** An integer from 0 to `max` (inside; below 2^32): numpy's `random_interval`, which masks and rejects. */
function nextInterval(random: MersenneTwister, max: number): number {
  const mask = max === 0 ? 0 : 0xffffffff >>> Math.clz32(max);
  for (;;) {
    const word = (random.nextWord() & mask) >>> 0;
    if (word <= max) return word;
  }
}

/** 0 to `count` - 1 in the order that `RandomState(seed).shuffle(arange(count))` leaves them. */
export function shuffledIndices(count: number, seed: number): number[] {
  const random = mersenneTwister(seed);
  const indices = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = nextInterval(random, last);
    [indices[last], indices[other]] = [indices[other] as number, indices[last] as number];
  }
  return indices;
}
