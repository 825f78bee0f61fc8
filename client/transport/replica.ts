import type { Channel } from "../../rpc/client/channel.js";
import type { Clock } from "./clock.js";
import { LaneTrust } from "./lane-trust.js";
import { ReplicaTally } from "./replica-tally.js";

/** Trouble that is older is forgotten. */
const TROUBLE_MS = 10_000;

/** One data server, how it is reached, and how it did lately. Shared by unary calls and streams. */
export class Replica {
  readonly address: string;
  readonly lanes: LaneTrust;
  readonly tally: ReplicaTally;
  readonly #open: () => Channel;
  readonly #clock: Clock;
  readonly #onTrouble: () => void;
  #isRetired = false;
  #channel: Channel;
  #troubledMs = Number.NEGATIVE_INFINITY;
  /** Unary calls that are under way. */
  calls = 0;
  /** Rises with every unary call that any replica is asked: who was asked longest ago is asked first. */
  lastAsked = 0;

  /** `onTrouble` is told whenever it was silent or failed. */
  constructor(open: () => Channel, clock: Clock, onTrouble: () => void = () => {}) {
    this.#open = open;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
    this.lanes = new LaneTrust(clock);
    this.tally = new ReplicaTally(clock);
    this.#channel = open();
    this.address = this.#channel.address;
  }

  get channel(): Channel {
    return this.#channel;
  }

  /** True when it was silent or failed lately, and has not answered since. */
  get isTroubled(): boolean {
    return this.#clock.now() - this.#troubledMs < TROUBLE_MS;
  }

  troubled(): void {
    this.#troubledMs = this.#clock.now();
    this.#onTrouble();
  }

  answered(): void {
    this.#troubledMs = Number.NEGATIVE_INFINITY;
  }

  /** Its name does not lead to it any more: what is under way goes on, nothing new is asked of it. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  retire(): void {
    this.#isRetired = true;
    this.#channel.client.close(); // Calls that are under way go on.
  }

  /** Calls from now on go over a new connection: damage may have left the old one with wrong headers or no answers at all. */
  renew(): void {
    if (this.#isRetired) return;
    const old = this.#channel;
    try {
      this.#channel = this.#open();
    } catch {
      return; // Files of certificates cannot be read just now: the connection that was made with them goes on.
    }
    old.client.close(); // Calls that are under way go on.
  }
}
