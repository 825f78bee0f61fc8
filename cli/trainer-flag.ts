import type { Command } from "commander";
import { oneAddress } from "./address-list.js";

/** Which trainer is called. */
export interface TrainerFlag {
  readonly trainer: string;
}

/** `--trainer`, in the same words for every command that has it. */
export function addTrainerFlag(command: Command): Command {
  return command.requiredOption("--trainer <address>", "the trainer service, host:port", oneAddress);
}
