import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { isThisMachine, parseTarget, proxyVariable } from "./target.js";

/** A host's name that may stand for several servers, and where it is looked up. */
export interface ServerName {
  readonly host: string;
  readonly port: number;
  /** `host` or `host:port` of a DNS server (`dns://SERVER/name:port`); undefined: as this system does it. */
  readonly dnsServer: string | undefined;
}

/** Of one question to a DNS server that was named. */
const DNS_OPTIONS = { timeout: 2_000, tries: 2 };

/**
 * The name that an address is made of; undefined for what is called as it stands: an IP address, a Unix socket, this machine, and
 * whatever is reached through a proxy, which does its own looking up.
 */
export function serverName(address: string): ServerName | undefined {
  const target = parseTarget(address);
  if ("path" in target || target.port === undefined || isIP(target.host) !== 0) return undefined;
  const [, dnsServer = ""] = /^dns:\/\/([^/]*)\//.exec(address) ?? [];
  if (dnsServer === "" && (isThisMachine(target) || proxyVariable(target) !== undefined)) return undefined;
  return { host: target.host, port: target.port, dnsServer: dnsServer === "" ? undefined : dnsServer };
}

/** The IP addresses of a name, sorted, each once; none where nobody who was asked knows one just now. */
export async function lookUp({ host, dnsServer }: ServerName): Promise<readonly string[]> {
  const found = dnsServer === undefined ? await askSystem(host) : await askDns(host, dnsServer);
  return [...new Set(found)].sort();
}

async function askSystem(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

async function askDns(host: string, dnsServer: string): Promise<readonly string[]> {
  try {
    const resolver = new Resolver(DNS_OPTIONS);
    resolver.setServers([dnsServer]);
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  } catch {
    return []; // What stands before the name is no address of a DNS server.
  }
}
