import { PatchstreamError } from "../../plan/errors.js";
import { type Caller, clientOf } from "../../rpc/server/caller.js";

/** What holds bytes of a client. */
interface Holder {
  /** Bytes of batches that were wanted and are not completely sent. */
  readonly outstandingBytes: number;
}

/** Bounds what each client has wanted of a server and not been sent, by all its streams and calls together. */
export class ClientBytes {
  readonly #most: number;
  readonly #holders = new Map<string, Set<Holder>>();

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  /** Counts what `holder` holds for a client, until the function it gives is called. */
  join(caller: Caller, holder: Holder): () => void {
    const client = clientOf(caller);
    const holders = this.#holders.get(client) ?? new Set();
    this.#holders.set(client, holders.add(holder));
    return () => {
      holders.delete(holder);
      if (holders.size === 0) this.#holders.delete(client);
    };
  }

  /** Throws SERVER_BUSY where a client may not want so many bytes more. One batch may have any number while it wants no other. */
  check(caller: Caller, bytes: number, batches: number): void {
    let held = 0;
    for (const holder of this.#holders.get(clientOf(caller)) ?? []) held += holder.outstandingBytes;
    if (held + bytes <= this.#most || (held === 0 && batches === 1)) return;
    const facts = { code: "SERVER_BUSY", limit: "client_bytes", got: held + bytes, max: this.#most } as const;
    throw new PatchstreamError(facts, "Want fewer batches ahead, or ask another server, too.");
  }
}
