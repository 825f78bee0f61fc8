import { COLOURS } from "./palette.js";

/** Paper, or a dark screen. */
export type Theme = "light" | "dark";

export const THEMES: readonly Theme[] = ["light", "dark"];

/** A picture that always looks as on paper, or always as on a dark screen. `svg` is one of ours, which follows its viewer otherwise. */
export function inTheme(svg: string, theme: Theme): string {
  const fixed = svg.replace(/@media screen and \(prefers-color-scheme:dark\)\{.*?\}\}/s, "");
  if (theme === "light") return fixed;
  const dark = new Map(COLOURS.map((colour) => [colour.light, colour.dark]));
  return fixed.replace(/(fill|stroke)="(#[0-9a-f]{6})"/g, (_, property: string, light: string) => {
    return `${property}="${dark.get(light) ?? light}"`;
  });
}
