import { isIP } from "node:net";

/** Where an address leads: a port of a host, or a Unix socket. */
export type Target = { readonly host: string; readonly port: number } | { readonly path: string };

/** What an address says, checked or not; `port` undefined: it says none. */
export type Place = { readonly host: string; readonly port: number | undefined } | { readonly path: string };

/** Reads `host:port`, `[::1]:port`, `dns:///host:port`, `ipv4:...`, `ipv6:...` and `unix:/path`. What else there is becomes a host. */
export function parseTarget(address: string): Place {
  const [, scheme = "", rest = address] = /^(dns|ipv4|ipv6|unix):(.*)$/.exec(address) ?? [];
  if (scheme === "unix") return { path: rest.replace(/^\/\//, "") };
  const place = rest.replace(/^\/\/[^/]*\//, "");
  const [, bracketed, plain = place, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(place) ?? [];
  return { host: bracketed ?? plain, port: port === undefined ? undefined : Number(port) };
}

/** A target as gRPC takes it. */
export function hostAndPort(target: Target): string {
  if ("path" in target) return `unix:${target.path}`;
  return `${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`;
}

/** True for what never leaves this machine. */
export function isThisMachine(target: Place): boolean {
  if ("path" in target) return true;
  const { host } = target;
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "::1" ||
    (isIP(host) === 4 && host.startsWith("127."))
  );
}

/** The environment variable by which gRPC goes through a proxy to others than this machine; undefined where there is none. */
export function proxyVariable(target: Place): string | undefined {
  if (isThisMachine(target)) return undefined;
  return ["grpc_proxy", "https_proxy", "http_proxy"].find((name) => (process.env[name] ?? "") !== "");
}
