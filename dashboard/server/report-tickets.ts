import { randomBytes } from "node:crypto";

const GOOD_FOR_MS = 60_000;
/** More than one page asks for at a time. */
const MOST = 16;

/** Words that each open the report once, within a minute: a new tab of a browser cannot bring a token. */
export class ReportTickets {
  readonly #issued = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  issue(): string {
    const ticket = randomBytes(32).toString("base64url");
    this.#issued.set(ticket, this.#nowMs());
    for (const [oldest] of this.#issued) {
      if (this.#issued.size <= MOST) break;
      this.#issued.delete(oldest);
    }
    return ticket;
  }

  /** Whether it opens the report; it does so once. */
  take(ticket: string): boolean {
    const issuedMs = this.#issued.get(ticket);
    this.#issued.delete(ticket);
    return issuedMs !== undefined && this.#nowMs() - issuedMs <= GOOD_FOR_MS;
  }
}
