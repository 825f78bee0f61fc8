import { PatchstreamError } from "../../plan/errors.js";

export interface AdmissionLimits {
  /** The limit's name, for the error of a refused call. */
  readonly name: string;
  /** Calls in progress at once. */
  readonly most: number;
  /** Calls in progress at once of one peer, so that no peer takes all. */
  readonly mostOfPeer: number;
}

/** Counts calls in progress, and refuses more than there may be. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #inside = new Map<string, number>();
  #total = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Calls in progress. */
  get inside(): number {
    return this.#total;
  }

  /** Lets a call of `peer` (`host:port`; all ports of a host are one peer) in; the function it gives lets it out. Throws SERVER_BUSY. */
  enter(peer: string): () => void {
    const { name, most, mostOfPeer } = this.#limits;
    const host = peer.replace(/:\d+$/, "");
    const ofPeer = this.#inside.get(host) ?? 0;
    if (this.#total >= most) throw busy(name, this.#total + 1, most);
    if (ofPeer >= mostOfPeer) throw busy(`${name}_of_one_peer`, ofPeer + 1, mostOfPeer);
    this.#count(host, 1);
    return () => this.#count(host, -1);
  }

  #count(host: string, by: 1 | -1): void {
    this.#total += by;
    const left = (this.#inside.get(host) ?? 0) + by;
    if (left > 0) this.#inside.set(host, left);
    else this.#inside.delete(host);
  }
}

function busy(limit: string, got: number, max: number): PatchstreamError {
  return new PatchstreamError({ code: "SERVER_BUSY", limit, got, max }, "Ask another server, or this one later.");
}
