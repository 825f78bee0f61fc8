interface Waiter {
  /** Takes what is waited for and answers the caller; false when it is not available yet. */
  readonly serve: () => boolean;
}

/**
 * Callers that wait for something scarce (bytes, blocks, a thread), served strictly first come, first served: a small
 * request never overtakes a large one, so no request starves.
 */
export class WaitingLine {
  readonly #waiters: Waiter[] = [];

  /** Callers that wait now. */
  get length(): number {
    return this.#waiters.length;
  }

  /**
   * Resolves with the first result of `attempt` that is not undefined, tried now if nobody waits and then at each
   * `retry()`. Rejects with the signal's reason when it aborts before; an error of `attempt` rejects too.
   */
  take<Taken>(attempt: () => Taken | undefined, signal?: AbortSignal): Promise<Taken> {
    return new Promise<Taken>((resolve, reject) => {
      signal?.throwIfAborted();
      const serve = () => {
        const taken = attempt();
        if (taken !== undefined) resolve(taken);
        return taken !== undefined;
      };
      if (this.#waiters.length === 0 && serve()) return;
      const waiter = {
        serve: () => {
          try {
            if (!serve()) return false;
          } catch (error) {
            reject(error);
          }
          signal?.removeEventListener("abort", leave);
          return true;
        },
      };
      const leave = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal?.reason);
        this.retry();
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiters.push(waiter);
    });
  }

  /** Serves waiters from the front for as long as there is something for the first of them. Call it after every return. */
  retry(): void {
    while (this.#waiters[0]?.serve()) this.#waiters.shift();
  }
}
