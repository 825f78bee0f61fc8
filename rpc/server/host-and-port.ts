import { PatchstreamError, refuse } from "../../plan/errors.js";

const MAX_PORT = 65_535;

/** Throws SPEC_INVALID, with the `names` of the two fields, for an empty host and for what is no port. */
export function checkHostAndPort(
  { host, port }: { readonly host: string; readonly port: number },
  names: { readonly host: string; readonly port: string },
): void {
  if (host.trim() === "") refuse(names.host, host, "a host name or an address, such as 127.0.0.1");
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
    refuse(names.port, port, `a port, 0 to ${MAX_PORT} (0: any free one)`);
}

/** A host as it stands before a colon and a port. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** UNAVAILABLE, with a hint where the port is taken. */
export function cannotListen(host: string, port: number, cause: Error): PatchstreamError {
  return new PatchstreamError(
    { code: "UNAVAILABLE", address: `${bracketed(host)}:${port}`, reason: cause.message },
    /EADDRINUSE/.test(cause.message) ? "The port is taken. Port 0 takes a free one." : undefined,
    { cause },
  );
}
