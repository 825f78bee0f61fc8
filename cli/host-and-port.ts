import { InvalidArgumentError } from "commander";
import { parseTarget } from "../rpc/index.js";

/** Reads an option's value that is a port. Wrong use (exit 2) unless it is one. */
export function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError("It must be a port, 0 to 65535 (0: any free one).");
  return Number(text);
}

/** Reads `--lane-port`: a port or `none`. Wrong use (exit 2) unless it is one of them. */
export function lanePort(text: string): number | "none" {
  return text === "none" ? "none" : portNumber(text);
}

/** Reads an option's value that is a host. Wrong use (exit 2) for an empty one. */
export function hostName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must be a host name or an address, such as 127.0.0.1.");
  return text;
}

/** Reads an option's value that is the address of a Unix socket. Wrong use (exit 2) unless it is one. */
export function unixAddress(text: string): string {
  const target = parseTarget(text);
  if (!("path" in target) || target.path === "")
    throw new InvalidArgumentError("It must be unix:/path. A host and a port are for --host and --port.");
  return text;
}
