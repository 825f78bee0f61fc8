import { type Command, Option } from "commander";
import type { CheckpointName } from "../trainer/index.js";

/** What `addCheckpointFlag` gives. */
export interface CheckpointFlag {
  readonly checkpoint: CheckpointName;
}

/** `--checkpoint`: which of a training's two. */
export function addCheckpointFlag(command: Command): Command {
  return command.addOption(
    new Option(
      "--checkpoint <which>",
      '"latest": of the last steps; "best": of the epoch with the highest moving average of the pseudo Dice',
    )
      .choices(["latest", "best"])
      .default("latest"),
  );
}
