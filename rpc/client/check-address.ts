import { isIP } from "node:net";
import { refuse } from "../../plan/errors.js";
import { checkUnixPath } from "../unix-path.js";
import { parseTarget, type Target } from "./target.js";

const WANT = "host:port with a port from 1 to 65535, such as localhost:7070, or unix:/path";

/** Where `address` leads. Throws SPEC_INVALID for what cannot be called: every host needs a port, every path must fit a socket's address. */
export function checkedTarget(address: string): Target {
  const target = parseTarget(address);
  if ("path" in target) {
    if (target.path === "") refuse("address", address, "unix:/path");
    checkUnixPath(target.path, "address");
    return target;
  }
  const { host, port } = target;
  const isHost = isIP(host) !== 0 || /^[^\s:/;,[\]]+$/.test(host);
  if (!isHost || port === undefined || port < 1 || port > 65_535)
    return refuse("address", address, WANT, hint(address, target));
  return { host, port };
}

/** What is wrong with an address, where it is one of the usual mistakes. */
function hint(address: string, { host, port }: { host: string; port: number | undefined }): string | undefined {
  const scheme = /^[a-z]+:\/\//.exec(address)?.[0];
  if (scheme !== undefined && scheme !== "dns://") return `Leave out ${scheme}.`;
  if (address.startsWith("/")) return `A Unix socket's address is unix:${address}.`;
  if (isIP(host) === 6 && !address.includes("[")) return "An IPv6 address stands in brackets: [::1]:7070.";
  return port === undefined && /^[^\s:/;,]+:?$/.test(address) ? "It has no port." : undefined;
}
