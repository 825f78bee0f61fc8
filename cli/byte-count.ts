import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, number>> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

/** Reads an option's value that is a number of bytes. Wrong use (exit 2) unless it is one, with or without a unit. */
export function byteCount(text: string): number {
  const [, number, unit] = /^(\d+)(|KiB|MiB|GiB)$/.exec(text) ?? [];
  const factor = UNITS[unit ?? "?"];
  if (number === undefined || factor === undefined)
    throw new InvalidArgumentError("It must be a number of bytes, such as 536870912, 512MiB or 4GiB.");
  return Number(number) * factor;
}
