/** A data server or a trainer in its own process. Disposing it ends the process; it also ends when we do. */
export interface ChildService extends AsyncDisposable {
  /** host:port. */
  readonly address: string;
  /** Rejects when the process ends by itself; never resolves. */
  readonly lost: Promise<never>;
}

/** Starts `patchstream ARGS` and waits until it listens. Throws UNAVAILABLE. */
export type StartService = (args: readonly string[]) => Promise<ChildService>;
