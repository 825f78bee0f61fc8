/**
 * CRC-32 of two runs of bytes laid end to end, from the CRC-32 of each and the length of the second: zlib's
 * `crc32_combine`. Appending n bytes multiplies the first CRC, a polynomial over GF(2), by x^(8n). The function that this
 * makes remembers the powers for the lengths it has met, since most runs of a batch are equally long.
 */
export function crc32Combiner(): (first: number, second: number, secondBytes: number) => number {
  const powers = new Map<number, number>();
  return (first, second, secondBytes) => {
    const power = powers.get(secondBytes) ?? powerOfX(secondBytes);
    powers.set(secondBytes, power);
    return (multiply(power, first) ^ second) >>> 0;
  };
}

/** CRC-32's polynomial; the highest bit of a number is the coefficient of x^0. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;
const X = 0x40000000;

/** a * b modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) !== 0 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product;
}

/** x^(2^i) for i from 0 to 31; the sequence then repeats, since x^(2^32) = x. */
const SQUARES: readonly number[] = Array.from({ length: 31 }).reduce<number[]>(
  (squares) => {
    const last = squares.at(-1) as number;
    squares.push(multiply(last, last));
    return squares;
  },
  [X],
);

/** x^(8 bytes) modulo the polynomial. */
function powerOfX(bytes: number): number {
  let power = ONE;
  for (let left = bytes, index = 3; left > 0; left = Math.floor(left / 2), index++) {
    if (left % 2 === 1) power = multiply(SQUARES[index % 32] as number, power);
  }
  return power;
}
