import fc from "fast-check";
import { compileKernels, instantiateKernels, type Kernels } from "../../loader/kernels/kernels.js";
import { referenceKernels } from "../../loader/kernels/kernels.reference.js";
import { philox4x32 } from "../../plan/random.js";
import type { Zyx } from "../../plan/zyx.js";

const memory = new WebAssembly.Memory({ initial: 8, maximum: 8, shared: true });
const kernels = instantiateKernels(compileKernels(), memory);

type Constructor<View> = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): View;
  readonly BYTES_PER_ELEMENT: number;
};
type Typed = ArrayLike<number> & { readonly buffer: ArrayBufferLike; readonly byteOffset: number };

/** Hands out zeroed typed arrays, one after the other with 64 bytes between them, at odd addresses where the type allows. */
export type Allocate = <View extends Typed & { set(values: ArrayLike<number>): void }>(
  type: Constructor<View>,
  lengthOrValues: number | ArrayLike<number>,
) => View;

function allocator(buffer: ArrayBufferLike): Allocate {
  let end = 0;
  new Uint8Array(buffer).fill(0);
  return (type, lengthOrValues) => {
    const size = type.BYTES_PER_ELEMENT;
    const length = typeof lengthOrValues === "number" ? lengthOrValues : lengthOrValues.length;
    const start = Math.ceil((end + 64) / size) * size + size;
    end = start + length * size;
    const view = new type(buffer, start, length);
    if (typeof lengthOrValues !== "number") view.set(lengthOrValues);
    return view;
  };
}

/** What `act` leaves in the arrays it returns, done by the kernels and by their twins. */
export function inBoth(act: (kernels: Kernels, allocate: Allocate) => readonly Typed[]): {
  readonly kernel: string[];
  readonly twin: string[];
} {
  const run = (which: Kernels, buffer: ArrayBufferLike) => act(which, allocator(buffer)).map(hex);
  return {
    kernel: run(kernels, memory.buffer),
    twin: run(referenceKernels, new ArrayBuffer(memory.buffer.byteLength)),
  };
}

function hex(view: Typed): string {
  const bytes = (view as unknown as Uint8Array).byteLength;
  return Buffer.from(new Uint8Array(view.buffer, view.byteOffset, bytes)).toString("hex");
}

const EXTREMES = [
  0, -0, 1.4e-45, -1.4e-45, 1.17e-38, 3.4028234663852886e38, -3.4028234663852886e38, 1e30, -1e-30, 65519.9,
];

/** `count` f32: plain numbers around 0, or half of them extreme ones (largest, smallest, both zeros). */
export interface Numbers {
  readonly seed: number;
  readonly isExtreme: boolean;
}

export const anyNumbers: fc.Arbitrary<Numbers> = fc.record({ seed: fc.nat(), isExtreme: fc.boolean() });

export function imageOf({ seed, isExtreme }: Numbers, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => {
    const [kind, which, value] = philox4x32([i, 0, 0, 0], [seed, 1]);
    if (isExtreme && kind % 2 === 0) return EXTREMES[which % EXTREMES.length] as number;
    return value / 2 ** 30 - 2;
  });
}

/** `count` labels, -1 to 3, in patches of the same value. */
export function labelOf(seed: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) => (philox4x32([i >> 2, 0, 0, 0], [seed, 2])[0] % 5) - 1);
}

const axis = fc.oneof(fc.nat({ max: 9 }), fc.constantFrom(15, 16, 17, 33, 150));
const filledAxis = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(15, 16, 17, 33, 150));

/** Sizes (Z,Y,X), 0 and 1 among them, mostly not multiples of 4. */
export const anySize: fc.Arbitrary<Zyx> = fc.tuple(axis, axis, axis);

/** The same, no axis 0. */
export const filledSize: fc.Arbitrary<Zyx> = fc.tuple(filledAxis, filledAxis, filledAxis);
