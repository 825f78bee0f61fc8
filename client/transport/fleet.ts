import { type Channel, type ChannelOptions, openChannel } from "../../rpc/client/channel.js";
import { lookUp, type ServerName, serverName } from "../../rpc/client/name.js";
import type { Clock } from "./clock.js";
import { Replica } from "./replica.js";

/** A name is looked up again after so long, */
const LOOK_UP_MS = 10_000;
/** or so soon after the last time when one of its replicas is in trouble, or none was ever found. */
const LOOK_UP_SOON_MS = 1_000;

/** The replicas behind the addresses that a client was given. Those of a name that stands for several come and go with it. */
export class Fleet {
  readonly #addresses: readonly Address[];
  readonly #watchers = new Set<() => void>();
  /** Resolves when every name has been looked up once. */
  readonly ready: Promise<void>;

  /** Throws as `openChannel` does for an address that is none. */
  constructor(addresses: readonly string[], options: ChannelOptions, clock: Clock) {
    const changed = () => {
      for (const watcher of this.#watchers) watcher();
    };
    this.#addresses = addresses.map((address) => {
      const open = (ip?: string) => openChannel(address, options, ip);
      const name = serverName(address);
      return name === undefined ? new Fixed(open, clock) : new Looked(name, open, clock, changed);
    });
    this.ready = Promise.all(this.#addresses.map(({ ready }) => ready)).then(() => {});
  }

  /** Those that there are now, in the order of their addresses. */
  get replicas(): readonly Replica[] {
    return this.#addresses.flatMap(({ replicas }) => replicas);
  }

  /** Calls `changed` when replicas have come or gone, until the function it gives is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }
}

/** One address that was given. */
interface Address {
  readonly ready: Promise<void>;
  readonly replicas: readonly Replica[];
}

type Open = (ip?: string) => Channel;

/** Called as it stands. */
class Fixed implements Address {
  readonly ready = Promise.resolve();
  readonly replicas: readonly Replica[];

  constructor(open: Open, clock: Clock) {
    this.replicas = [new Replica(open, clock)];
  }
}

/** Stands for an IP address while none is known. */
const BY_NAME = "";

/**
 * A name: a replica for each of its IP addresses. While it has never been found there is one that is called by the name itself, and says
 * what is wrong with it. An answer without addresses changes nothing: the name server may be ill, and replicas that are gone show it
 * themselves.
 */
class Looked implements Address {
  readonly ready: Promise<void>;
  readonly #name: ServerName;
  readonly #open: Open;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #replicas: ReadonlyMap<string, Replica> = new Map();
  #isLooking = false;
  #isTroubled = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #stopWaiting = () => {};

  constructor(name: ServerName, open: Open, clock: Clock, changed: () => void) {
    this.#name = name;
    this.#open = open;
    this.#clock = clock;
    this.#changed = changed;
    this.ready = this.#lookUp();
  }

  get replicas(): readonly Replica[] {
    return [...this.#replicas.values()];
  }

  async #lookUp(): Promise<void> {
    this.#isLooking = true;
    this.#isTroubled = false;
    const found = await lookUp(this.#name);
    this.#isLooking = false;
    this.#lookedMs = this.#clock.now();
    if (found.length > 0) this.#become(found);
    else if (this.#replicas.size === 0) this.#replicas = new Map([[BY_NAME, this.#replica(() => this.#open())]]);
    const isUnknown = this.#replicas.has(BY_NAME);
    this.#waitFor(this.#isTroubled || isUnknown ? LOOK_UP_SOON_MS : LOOK_UP_MS);
  }

  #waitFor(ms: number): void {
    this.#stopWaiting();
    this.#stopWaiting = this.#clock.after(ms, () => void this.#lookUp());
  }

  #become(ips: readonly string[]): void {
    const former = this.#replicas;
    const gone = [...former].filter(([ip]) => !ips.includes(ip));
    if (gone.length === 0 && ips.length === former.size) return;
    this.#replicas = new Map(ips.map((ip) => [ip, former.get(ip) ?? this.#replica(() => this.#open(ip))]));
    for (const [, replica] of gone) replica.retire();
    this.#changed();
  }

  #replica(open: () => Channel): Replica {
    return new Replica(open, this.#clock, () => this.#soon());
  }

  /** A replica is in trouble: it may be gone, and another be there. */
  #soon(): void {
    if (this.#isTroubled) return;
    this.#isTroubled = true;
    if (!this.#isLooking) this.#waitFor(Math.max(0, this.#lookedMs + LOOK_UP_SOON_MS - this.#clock.now()));
  }
}
