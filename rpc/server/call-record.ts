import type { Carrier } from "../carrier.js";
import type { AuditLog, CallResult, Concern } from "./audit-log.js";
import type { Caller } from "./caller.js";

/** What the audit log is told of one call. */
export class CallRecord {
  readonly #audit: AuditLog | undefined;
  readonly #method: string;
  readonly #carrier: Carrier | undefined;
  readonly #startedMs = performance.now();
  #caller: Caller;
  #concern: Concern = {};

  /** Of a call that both sides stream on, `carrier` is what carries it. */
  constructor(audit: AuditLog | undefined, method: string, caller: Caller, carrier?: Carrier) {
    this.#audit = audit;
    this.#method = method;
    this.#caller = caller;
    this.#carrier = carrier;
  }

  /** The caller has shown its token. */
  recognise(caller: Caller): void {
    this.#caller = caller;
  }

  /** The call is about this. One that both sides stream on has begun with it. */
  concern(concern: Concern): void {
    this.#concern = concern;
    if (this.#carrier !== undefined) this.#write({ at: "start" });
  }

  end(result: CallResult): void {
    const seconds = Math.round(performance.now() - this.#startedMs) / 1e3;
    this.#write({ at: "end", result, seconds });
  }

  #write(how: { at: "start" } | { at: "end"; result: CallResult; seconds: number }): void {
    const { peer, certificate, token } = this.#caller;
    const { at, ...end } = how;
    this.#audit?.write({
      at,
      method: this.#method,
      peer,
      ...(certificate !== undefined && { certificate }),
      ...(token !== undefined && { token }),
      ...(this.#carrier !== undefined && { carrier: this.#carrier }),
      ...this.#concern,
      ...end,
    });
  }
}
