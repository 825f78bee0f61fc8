/** What a terminal acts on or lays out in another direction, and what ends a line: control characters and Unicode's marks of direction. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** `text` in one line, with what a terminal would act on written out as JSON writes it: a file may have any name. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => SHORT.get(character) ?? escaped(character));
}

const SHORT: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}
