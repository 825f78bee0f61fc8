import type { DataClient, FleetStanding } from "../../client/types.js";

const TELL_MS = 1_000;

/** Tells once a second how the data servers of `client` do, until disposed. */
export function tellFleet(client: DataClient, tell: (fleet: FleetStanding) => void): Disposable {
  const ended = new AbortController();
  const { signal } = ended;
  let timer: NodeJS.Timeout | undefined;
  const again = () => {
    timer = setTimeout(look, TELL_MS).unref();
  };
  const look = () => {
    void client
      .fleet({ signal })
      .then(tell)
      .catch(() => undefined) // the loop, which needs the same client, says what is wrong with it
      .finally(() => {
        if (!signal.aborted) again();
      });
  };
  again();
  return {
    [Symbol.dispose]() {
      ended.abort();
      clearTimeout(timer);
    },
  };
}
