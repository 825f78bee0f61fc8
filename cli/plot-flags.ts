import { extname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { replaceFile } from "../disk/index.js";
import type { LinePicture, Theme } from "../pictures/index.js";
import { printable } from "../plan/index.js";

/** A file for a command's picture. */
export interface PlotFlags {
  readonly plot?: string;
  readonly theme?: Theme;
}

const ENDINGS = [".svg", ".png"];
const USUAL_COLUMNS = 80;
/** A wider chart is no clearer. */
const MOST_COLUMNS = 120;

function pictureFile(text: string): string {
  if (ENDINGS.includes(extname(text).toLowerCase())) return text;
  throw new InvalidArgumentError(`It must end in ${ENDINGS.join(" or ")}.`);
}

/** `--plot` and `--theme`, in the same words for every command that draws. */
export function addPlotFlags(command: Command): Command {
  return command
    .addOption(new Option("--plot <file>", "write the picture to this file, .svg or .png").argParser(pictureFile))
    .addOption(
      new Option(
        "--theme <name>",
        'look of the picture: "light" for paper, "dark" for dark screens (default: light for .png; an .svg follows its screen)',
      ).choices(["light", "dark"] satisfies Theme[]),
    );
}

/** Writes a picture of lines to the file of `--plot`, as its ending says. Does nothing without one. Throws UNSUPPORTED, WRITE_FAILED. */
export async function writeLines(picture: LinePicture, { plot, theme }: PlotFlags, command: Command): Promise<void> {
  if (plot === undefined) {
    if (theme !== undefined) command.error("error: --theme is the look of --plot FILE: give both");
    return;
  }
  const { drawLines, inTheme, pngOf } = await import("../pictures/index.js"); // a second to load
  const svg = drawLines(picture);
  if (extname(plot).toLowerCase() === ".png") replaceFile(plot, [await pngOf(svg, theme ?? "light")]);
  else replaceFile(plot, theme === undefined ? svg : inTheme(svg, theme));
}

/** The same picture as text on stdout, as wide as the terminal. */
export async function showLines(picture: LinePicture): Promise<void> {
  const { textOfLines } = await import("../pictures/index.js");
  const columns = Math.min(MOST_COLUMNS, process.stdout.columns || USUAL_COLUMNS);
  for (const line of textOfLines(picture, columns).trimEnd().split("\n")) process.stdout.write(`${printable(line)}\n`);
}
