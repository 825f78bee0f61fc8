/**
 * Aborts at the first SIGINT or SIGTERM. The next signal of either ends the process at once, as the system does it.
 */
export function abortedBySignals(): AbortController {
  const stop = new AbortController();
  const names = ["SIGINT", "SIGTERM"] as const;
  const abort = () => stop.abort();
  const forget = () => {
    for (const name of names) process.off(name, abort);
  };
  stop.signal.addEventListener("abort", forget, { once: true });
  for (const name of names) process.on(name, abort);
  return stop;
}
