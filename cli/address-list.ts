import { InvalidArgumentError } from "commander";
import { checkedTarget } from "../rpc/index.js";

/** Replicas named in one option: `host:port` or `unix:/path` each, with commas between. Wrong use (exit 2) for no address, an empty host, and what is no port. */
export function addressList(text: string): readonly string[] {
  const addresses = text.split(",").filter((address) => address !== "");
  if (addresses.length === 0 || !addresses.every(isAddress))
    throw new InvalidArgumentError(
      "It must be host:port[,host:port], such as 127.0.0.1:7070, with ports from 1 to 65535, or unix:/path.",
    );
  return addresses;
}

/** One address, `host:port`. Wrong use (exit 2) for what is none. */
export function oneAddress(text: string): string {
  if (!isAddress(text))
    throw new InvalidArgumentError("It must be host:port, such as 127.0.0.1:7071, with a port from 1 to 65535.");
  return text;
}

function isAddress(address: string): boolean {
  try {
    checkedTarget(address);
    return true;
  } catch {
    return false;
  }
}
