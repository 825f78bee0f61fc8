import { randomBytes } from "node:crypto";
import { PatchstreamError } from "../../plan/errors.js";
import { sha256 } from "../checksum.js";
import type { Caller } from "../server/caller.js";

export const TICKET_BYTES = 32;

/** Of tickets that nobody has used yet. */
const MOST_TICKETS = 4096;

/** Tickets that each open one lane, within some time. */
export class Tickets {
  readonly #goodForMs: number;
  /** Whose each is and when it ceases to be good, by its hash (looking a hash up tells nothing of how close a guess was); the oldest first. */
  readonly #open = new Map<string, { readonly holder: Caller; readonly endMs: number }>();

  constructor(goodForMs: number) {
    this.#goodForMs = goodForMs;
  }

  /** A ticket for who has called. Throws SERVER_BUSY where too many are open. */
  issue(holder: Caller): Buffer {
    const now = performance.now();
    for (const [hash, { endMs }] of this.#open) {
      if (endMs > now) break;
      this.#open.delete(hash);
    }
    if (this.#open.size >= MOST_TICKETS)
      throw new PatchstreamError({
        code: "SERVER_BUSY",
        limit: "max_lane_tickets",
        got: this.#open.size + 1,
        max: MOST_TICKETS,
      });
    const ticket = randomBytes(TICKET_BYTES);
    this.#open.set(sha256(ticket).toString("hex"), { holder, endMs: now + this.#goodForMs });
    return ticket;
  }

  /** Whose ticket it is. Throws UNAUTHENTICATED for what is no ticket, was used before, or came too late. */
  redeem(ticket: Uint8Array): Caller {
    const hash = sha256(ticket).toString("hex");
    const found = this.#open.get(hash);
    this.#open.delete(hash);
    if (found === undefined || found.endMs <= performance.now())
      throw new PatchstreamError(
        { code: "UNAUTHENTICATED", reason: "the lane's ticket is unknown, used or expired" },
        "Ask for a new one with OpenLane: each is good for one connection.",
      );
    return found.holder;
  }
}
