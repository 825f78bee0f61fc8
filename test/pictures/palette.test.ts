import test from "ava";
import { COLOURS } from "../../pictures/palette.js";

type Triple = readonly [number, number, number];

/** Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB. */
const SIGHT: Readonly<Record<string, readonly Triple[]>> = {
  "usual sight": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Distance in CIE Lab (1976) of any two colours of lines; 2.3 is just seen, 10 is seen at a glance. */
const LEAST_DISTANCE = 30;

const dot = (row: Triple, [r, g, b]: Triple) => row[0] * r + row[1] * g + row[2] * b;

function linear(hex: string): Triple {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return [r, g, b];
}

function lab(rgb: readonly number[]): Triple {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => Math.min(1, Math.max(0, part)));
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (841 / 108) * t + 4 / 29);
  const x = f(dot([0.4124, 0.3576, 0.1805], [r, g, b]) / 0.9505);
  const y = f(dot([0.2126, 0.7152, 0.0722], [r, g, b]));
  const z = f(dot([0.0193, 0.1192, 0.9505], [r, g, b]) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function distance(one: Triple, other: Triple): number {
  return Math.hypot(...one.map((value, axis) => value - (other[axis] ?? 0)));
}

for (const [sight, matrix] of Object.entries(SIGHT))
  for (const theme of ["light", "dark"] as const)
    test(`lines are told apart by their colours, ${theme}, with ${sight}`, (t) => {
      const seen = COLOURS.slice(5).map((colour) => {
        const rgb = linear(colour[theme]);
        return { hex: colour[theme], lab: lab(matrix.map((row) => dot(row, rgb))) };
      });
      t.is(seen.length, 6);
      for (const [place, one] of seen.entries())
        for (const other of seen.slice(0, place)) {
          const apart = distance(one.lab, other.lab);
          t.true(apart >= LEAST_DISTANCE, `${one.hex} and ${other.hex}: ${apart}`);
        }
    });
