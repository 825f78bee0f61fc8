import type { WireFault } from "../schedule.js";

/** Where a server listens, as it says it itself. */
export interface Listening {
  readonly port: number;
  readonly lanePort: number;
}

/** Takes a fault back. */
export type Mend = () => Promise<void>;

/** The network between one client and some replicas. */
export interface Wire extends AsyncDisposable {
  /** Words before the client's command. */
  readonly clientPrefix: readonly string[];
  /** Words before a server's command. */
  serverPrefix(replica: number): readonly string[];
  /** The address that a server listens on. */
  host(replica: number): string;
  /** Where the client finds a server that listens; it stays the same when the server comes again with the same ports. */
  reach(replica: number, listening: Listening): Promise<string>;
  strike(replica: number, fault: WireFault): Promise<Mend>;
}

/** What a wire cannot do: a schedule must not ask for it. */
export function cannot(fault: WireFault, wire: string): Error {
  return new Error(`${wire} cannot do "${fault.kind}"`);
}
