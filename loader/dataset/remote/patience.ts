import { setTimeout as sleep } from "node:timers/promises";

/** How long a remote store's failures are borne. */
export interface Patience {
  /** Milliseconds without a byte after which a request counts as failed. */
  readonly silenceMs: number;
  /** Requests for one thing that fail in a row, each without bringing a byte, before it is given up. */
  readonly attempts: number;
  /** Mean wait before the second attempt; each further one waits twice as long. */
  readonly firstDelayMs: number;
}

/** Seven waits of 12 seconds together: a server or gateway that is started again is back by then. */
export const PATIENCE: Patience = { silenceMs: 10_000, attempts: 8, firstDelayMs: 100 };

/** At most, in the mean. */
const LONGEST_DELAY_MS = 5_000;

/** A failure that another attempt may mend. */
export class Passing extends Error {
  /** `afterMs`: the server asks to wait so long. */
  constructor(
    readonly reason: string,
    readonly afterMs = 0,
  ) {
    super(reason);
  }
}

/**
 * What `attempt` gives, tried again while it throws Passing. `hasProgressed` says whether the last attempt brought something: then the
 * count begins anew. Throws what `givenUp` makes of the last failure.
 */
export async function patiently<Value>(
  { attempts, firstDelayMs }: Patience,
  attempt: () => Promise<Value>,
  hasProgressed: () => boolean,
  givenUp: (failure: Passing, attempts: number) => Error,
): Promise<Value> {
  for (let failures = 0; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Passing)) throw error;
      failures = hasProgressed() ? 1 : failures + 1;
      if (failures >= attempts) throw givenUp(error, failures);
      await sleep(Math.max(delayMs(firstDelayMs, failures), Math.min(error.afterMs, 2 * LONGEST_DELAY_MS)));
    }
  }
}

/** Spread from none to twice the mean, so that many readers that failed together do not come back together. */
function delayMs(firstDelayMs: number, failures: number): number {
  return 2 * Math.random() * Math.min(firstDelayMs * 2 ** (failures - 1), LONGEST_DELAY_MS);
}
