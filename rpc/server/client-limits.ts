import { PatchstreamError } from "../../plan/errors.js";
import { type Caller, clientOf } from "./caller.js";

/** What one client may take of a server; absent: as much as all together. */
export interface ClientLimitOptions {
  /** Calls in progress at once of one client, streams too. */
  readonly clientCalls?: number;
  /** Calls that one client may begin in a second. */
  readonly clientCallsPerSecond?: number;
}

interface Visits {
  inside: number;
  /** Calls that it may begin now; it grows to the number of a second. */
  allowance: number;
  /** When the allowance was that. */
  atMs: number;
}

/** Clients that are remembered for their rate; those that have none in progress are forgotten first. */
const MOST_REMEMBERED = 4096;

/** Counts the calls of each client (`clientOf`), and refuses those that are too many or too often. */
export class ClientLimits {
  readonly #mostCalls: number;
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  readonly #clients = new Map<string, Visits>();

  constructor(
    { clientCalls = Number.POSITIVE_INFINITY, clientCallsPerSecond = Number.POSITIVE_INFINITY }: ClientLimitOptions,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#mostCalls = clientCalls;
    this.#perSecond = clientCallsPerSecond;
    this.#nowMs = nowMs;
  }

  /** Lets a call in; the function it gives lets it out. Throws SERVER_BUSY. */
  enter(caller: Caller): () => void {
    if (this.#mostCalls === Number.POSITIVE_INFINITY && this.#perSecond === Number.POSITIVE_INFINITY) return () => {};
    const visits = this.#visitsOf(clientOf(caller));
    if (visits.inside >= this.#mostCalls) throw busy("client_calls", visits.inside + 1, this.#mostCalls);
    if (visits.allowance < 1) throw busy("client_calls_per_second", this.#perSecond + 1, this.#perSecond);
    visits.allowance--;
    visits.inside++;
    return () => {
      visits.inside--;
    };
  }

  #visitsOf(client: string): Visits {
    const now = this.#nowMs();
    const known = this.#clients.get(client) ?? { inside: 0, allowance: this.#perSecond, atMs: now };
    const grown = known.allowance + ((now - known.atMs) / 1e3) * this.#perSecond;
    known.allowance = this.#perSecond === Number.POSITIVE_INFINITY ? this.#perSecond : Math.min(this.#perSecond, grown);
    known.atMs = now;
    this.#clients.delete(client); // the one that came last stands last
    this.#clients.set(client, known);
    if (this.#clients.size > MOST_REMEMBERED) this.#forgetOne();
    return known;
  }

  #forgetOne(): void {
    for (const [client, { inside }] of this.#clients) {
      if (inside > 0) continue;
      this.#clients.delete(client);
      return;
    }
  }
}

function busy(limit: string, got: number, max: number): PatchstreamError {
  return new PatchstreamError({ code: "SERVER_BUSY", limit, got, max }, "Call less often, or ask another server.");
}
