import { KNOWN_FIELD, refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import type { Zyx } from "../zyx.js";

/** Returns `value` as T, or throws SPEC_INVALID naming `field`, the value and what would be right. */
export type Read<T> = (value: unknown, field: string) => T;

/** What `readFields` makes of a table of readers: any of the fields may be absent, none is undefined. */
export type Fields<Readers extends Record<string, Read<unknown>>> = {
  readonly [Name in keyof Readers]?: ReturnType<Readers[Name]>;
};

/** A field that must be there. */
export function required<T>(value: T | undefined, field: string, want: string): T {
  return value ?? refuse(field, undefined, want);
}

/** An integer from `min` to `max`, both included. */
export function integer(min: number, max: number): Read<number> {
  return (value, field) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? value
      : refuse(field, value, `an integer from ${min} to ${max}`);
}

/** A finite number from `min` to `max`, both included; with `above`, without `min`. */
export function real(min: number, max: number, above?: "above"): Read<number> {
  const want = above ? `a number above ${min}, at most ${max}` : `a number from ${min} to ${max}`;
  return (value, field) => {
    const inside = typeof value === "number" && value <= max && (above ? value > min : value >= min);
    return inside ? value : refuse(field, value, want);
  };
}

export const truth: Read<boolean> = (value, field) =>
  typeof value === "boolean" ? value : refuse(field, value, "true or false");

/** One of a few words. */
export function word<const Word extends string>(known: readonly Word[]): Read<Word> {
  return (value, field) => {
    const found = known.find((one) => one === value);
    return found ?? refuse(field, value, `one of ${known.map((one) => JSON.stringify(one)).join(", ")}`);
  };
}

/** A name: text that is not empty. */
export const name: Read<string> = (value, field) =>
  typeof value === "string" && value.length > 0 && value.length <= LIMITS.name
    ? value
    : refuse(field, value, `text of 1 to ${LIMITS.name} characters`);

/** A list of `min` to `max` entries. */
export function list<T>(read: Read<T>, min: number, max: number): Read<readonly T[]> {
  return (value, field) =>
    Array.isArray(value) && value.length >= min && value.length <= max
      ? value.map((entry, index) => read(entry, `${field}[${index}]`))
      : refuse(field, value, `a list of ${min} to ${max} entries`);
}

/** Three integers in axis order Z, Y, X. */
export function zyx(min: number, max: number): Read<Zyx> {
  const read = integer(min, max);
  return (value, field) => {
    if (!Array.isArray(value) || value.length !== 3) refuse(field, value, "three integers, in axis order Z, Y, X");
    return [read(value[0], `${field}[0]`), read(value[1], `${field}[1]`), read(value[2], `${field}[2]`)];
  };
}

/** The entries of a JSON object. */
export function entries(value: unknown, field: string): [key: string, value: unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(field, value, "an object");
  return Object.entries(value).filter(([, entry]) => entry !== undefined);
}

/** An object that has only fields of `readers`. */
export function object<Readers extends Record<string, Read<unknown>>>(readers: Readers): Read<Fields<Readers>> {
  return (value, field) => {
    const read = entries(value, field).map(([key, entry]) => {
      const path = `${field}.${key}`;
      if (!Object.hasOwn(readers, key)) {
        refuse(path, entry, KNOWN_FIELD, suggest(key, field, Object.keys(readers)));
      }
      return [key, readers[key]?.(entry, path)];
    });
    return Object.fromEntries(read) as Fields<Readers>;
  };
}

function suggest(unknown: string, field: string, known: readonly string[]): string {
  const name = unknown.slice(0, LIMITS.name);
  const distances = known.map((one) => ({ one, distance: editDistance(name.toLowerCase(), one.toLowerCase()) }));
  const nearest = distances.reduce((best, next) => (next.distance < best.distance ? next : best));
  if (nearest.distance <= name.length / 2) return `Did you mean ${field}.${nearest.one}?`;
  return `Known: ${known.join(", ")}.`;
}

/** Fewest characters to insert, delete or replace to turn one word into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const replaced = (row[j] as number) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}
