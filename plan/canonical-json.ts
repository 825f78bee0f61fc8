import { refuse } from "./errors.js";

/** Deepest nesting that is written; a resolved spec needs five. */
const MAX_DEPTH = 32;

/**
 * A value as RFC 8785 canonical JSON: no blanks, keys sorted by UTF-16 code units, numbers and strings as ECMAScript
 * prints them. Fields that are undefined are left out. Throws SPEC_INVALID for what JSON cannot carry: numbers that are
 * not finite, lone surrogates, functions, nesting beyond 32.
 */
export function canonicalJson(value: unknown): string {
  return write(value, "value", 0);
}

function write(value: unknown, field: string, depth: number): string {
  if (depth > MAX_DEPTH) refuse(field, "nested deeper", `nested at most ${MAX_DEPTH} deep`);
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) refuse(field, String(value), "a finite number");
    return JSON.stringify(value);
  }
  if (typeof value === "string") return writeText(value, field);
  if (Array.isArray(value)) {
    return `[${value.map((entry, index) => write(entry, `${field}[${index}]`, depth + 1)).join(",")}]`;
  }
  if (typeof value !== "object") refuse(field, typeof value, "a JSON value");
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${writeText(key, field)}:${write(member, `${field}.${key}`, depth + 1)}`);
  return `{${members.join(",")}}`;
}

function writeText(text: string, field: string): string {
  if (/\p{Surrogate}/u.test(text)) refuse(field, "text with a lone surrogate", "well-formed Unicode");
  return JSON.stringify(text);
}
