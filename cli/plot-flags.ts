import { extname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { replaceFile } from "../disk/index.js";
import type { LinePicture, Theme } from "../pictures/index.js";
import { PatchstreamError, printable } from "../plan/index.js";
import { pictureColumns, pictureProtocol, writePicture } from "./terminal-picture.js";

/** A file for a command's picture. */
export interface PlotFlags {
  readonly plot?: string;
  readonly theme?: Theme;
}

const ENDINGS = [".svg", ".png"];

function pictureFile(text: string): string {
  if (ENDINGS.includes(extname(text).toLowerCase())) return text;
  throw new InvalidArgumentError(`It must end in ${ENDINGS.join(" or ")}.`);
}

/** Without sharp, or a font, there is the text. */
function undefinedIfUnsupported(error: unknown): undefined {
  if (!(error instanceof PatchstreamError && error.code === "UNSUPPORTED")) throw error;
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

/** The same picture on stdout, as wide as the terminal: as it is where the terminal shows pictures, elsewhere as text. */
export async function showLines(picture: LinePicture): Promise<void> {
  const { drawLines, pngOf, textOfLines } = await import("../pictures/index.js");
  const columns = pictureColumns();
  const protocol = pictureProtocol(process.stdout, process.env);
  const png = protocol && (await pngOf(drawLines(picture), "dark").catch(undefinedIfUnsupported));
  if (protocol && png) {
    await writePicture(png, columns, protocol, process.stdout);
    return;
  }
  for (const line of textOfLines(picture, columns).trimEnd().split("\n")) process.stdout.write(`${printable(line)}\n`);
}
