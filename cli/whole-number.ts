import { InvalidArgumentError } from "commander";

/** Reads an option's value that counts something. Wrong use (exit 2) unless it is a whole number, 0 or more. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 0 or more.");
  return exact(text);
}

/** Reads an option's value that is at least one of something. Wrong use (exit 2) otherwise. */
export function oneOrMore(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return exact(text);
}

function exact(digits: string): number {
  const number = Number(digits);
  if (!Number.isSafeInteger(number)) throw new InvalidArgumentError(`It must be at most ${Number.MAX_SAFE_INTEGER}.`);
  return number;
}
