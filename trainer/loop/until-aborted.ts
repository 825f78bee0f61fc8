/**
 * What comes from `source` until `signal` aborts, also while waiting for the next of it. Each wait takes its listener with it:
 * a race against one promise for the whole training would keep what every step left behind.
 */
export async function* untilAborted<T>(source: AsyncIterator<T>, signal: AbortSignal): AsyncGenerator<T> {
  while (!signal.aborted) {
    const { done, value } = await nextOrEnd(source, signal);
    if (done) return;
    yield value;
  }
}

function nextOrEnd<T>(source: AsyncIterator<T>, signal: AbortSignal): Promise<IteratorResult<T, undefined>> {
  return new Promise((resolve, reject) => {
    const abort = () => resolve({ done: true, value: undefined });
    signal.addEventListener("abort", abort, { once: true });
    source
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}
