import { PatchstreamError } from "../../plan/errors.js";

export interface SilenceOptions {
  /** Completes "... did not come". */
  readonly waitedFor: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** A signal that aborts with DEADLINE when nothing was heard for `deadlineMs`, or as `signal` does. */
export function silenceSignal({ waitedFor, deadlineMs, signal }: SilenceOptions): Disposable & {
  readonly signal: AbortSignal;
  heard(): void;
} {
  const silent = new AbortController();
  const late = () => silent.abort(new PatchstreamError({ code: "DEADLINE", waitedFor, timeoutMs: deadlineMs }));
  const timer = setTimeout(late, deadlineMs);
  return {
    signal: signal === undefined ? silent.signal : AbortSignal.any([silent.signal, signal]),
    heard: () => void timer.refresh(),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
