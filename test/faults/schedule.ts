import { seeded } from "../conformance/seeded.js";
import { RUN_STEPS } from "./small-run.js";

/** Which way of a replica's connection nothing goes: "up" to the server, "down" from it. */
export type Way = "both" | "up" | "down";

/** What the network does to all packets or bytes between the client and one replica. */
export type WireFault =
  /** A partition: nothing goes through, and nothing is closed. */
  | { readonly kind: "partition"; readonly way: Way; readonly forMs: number }
  /** The server sends no faster than this. */
  | { readonly kind: "rate"; readonly kbitPerSecond: number; readonly forMs: number }
  /** Short times in which all is lost, each of `lostMs`, one every `everyMs`. */
  | { readonly kind: "loss"; readonly lostMs: number; readonly everyMs: number; readonly forMs: number }
  /** All arrives later by `delayMs`, and up to `jitterMs` more, in order. */
  | { readonly kind: "delay"; readonly delayMs: number; readonly jitterMs: number; readonly forMs: number }
  /** Every connection is reset; new ones are accepted. */
  | { readonly kind: "reset" }
  /** One bit of what the server sends is flipped, that many bytes from now. */
  | { readonly kind: "flipped bit"; readonly afterBytes: number; readonly bit: number };

/** What happens to one replica's process, its disk or its store. */
export type ReplicaFault =
  | { readonly kind: "killed"; readonly downMs: number }
  | { readonly kind: "drained"; readonly downMs: number }
  /** SIGSTOP, then SIGCONT. */
  | { readonly kind: "stopped"; readonly forMs: number }
  /** The machine is gone without a word: nothing goes through, the process is killed, and its connections are never closed. */
  | { readonly kind: "half-open"; readonly downMs: number }
  /** The disk that holds its log and its temporary files is full. */
  | { readonly kind: "full disk"; readonly forMs: number }
  /** It may open `spare` more files and sockets than it has; its connections are reset, so that it needs some. */
  | { readonly kind: "few descriptors"; readonly spare: number; readonly forMs: number }
  /** It may have `spareMiB` more of address space than it has. */
  | { readonly kind: "little memory"; readonly spareMiB: number; readonly forMs: number }
  /** Bits are flipped in every shard of its store; it is started anew, so that none is in its memory. */
  | { readonly kind: "damaged store"; readonly forMs: number };

export type Fault = WireFault | ReplicaFault;
export type FaultKind = Fault["kind"];

/** A fault as it strikes. */
export interface Strike {
  /** It strikes when the client has this step, and the fault before it is mended. */
  readonly atStep: number;
  /** Milliseconds after that. */
  readonly afterMs: number;
  /** Replicas that it strikes; all of them where nobody is left. */
  readonly replicas: readonly number[];
  readonly fault: Fault;
}

/** `namespaces`: a network namespace for each process, real packets; `relay`: one process between all, which passes bytes on in order. */
export type WireKind = "namespaces" | "relay";

/** All that one seed means: a fault laboratory does nothing that is not in here. */
export interface Schedule {
  readonly seed: number;
  readonly wire: WireKind;
  readonly replicas: number;
  readonly carrier: "auto" | "lane" | "grpc";
  readonly creditBatches: number;
  /** What a training step takes. */
  readonly paceMs: number;
  /** Bytes of volumes that a server keeps; a little: every patch is read from the disk. */
  readonly volumeBudgetBytes: number;
  readonly strikes: readonly Strike[];
  readonly stageChanges: readonly { readonly atStep: number; readonly stage: number }[];
  /** How long the client waits for a batch before it gives up. */
  readonly deadlineMs: number;
  /** After the last strike all replicas are killed, or nothing reaches them any more: the client must say so, in one line and in time. */
  readonly ending: "served" | "all killed" | "all out of reach";
}

const MOST_STRIKES = 4;
const STEPS_BETWEEN = 40;
const MIB = 1 << 20;

/** What can be struck where. */
const KINDS: Readonly<Record<WireKind, readonly FaultKind[]>> = {
  namespaces: [
    ...(["partition", "partition", "rate", "loss", "killed", "drained", "stopped"] as const),
    ...(["half-open", "half-open", "reset", "full disk", "few descriptors", "little memory", "damaged store"] as const),
  ],
  relay: [
    "partition",
    "rate",
    "delay",
    "reset",
    "flipped bit",
    "killed",
    "stopped",
    "few descriptors",
    "damaged store",
  ],
};

/** The schedule of a seed: the same on every machine that has the wire it asks for. `wires`: those of this machine. */
export function drawSchedule(seed: number, wires: readonly WireKind[]): Schedule {
  const random = seeded(seed);
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from));
  const oneOf = <T>(list: readonly T[]): T => list[whole(0, list.length)] as T;
  const wanted: WireKind = random() < 0.7 ? "namespaces" : "relay";
  const wire = wires.includes(wanted) ? wanted : "relay";
  const replicas = random() < 0.85 ? 2 : 3;
  const head = {
    ...{ seed, wire, replicas },
    carrier: oneOf(["auto", "auto", "lane", "grpc"] as const),
    creditBatches: whole(1, 9),
    paceMs: whole(15, 60),
    volumeBudgetBytes: random() < 0.5 ? 64 * MIB : 2 * MIB,
  };
  const forMs = () => whole(200, random() < 0.3 ? 7_000 : 1_500);
  const draw = (kind: FaultKind): Fault => {
    switch (kind) {
      case "partition":
        return { kind, way: oneOf(["both", "up", "down"] as const), forMs: forMs() };
      case "rate":
        return { kind, kbitPerSecond: oneOf([16, 128, 1_000]), forMs: forMs() };
      case "loss":
        return { kind, lostMs: whole(5, 60), everyMs: whole(80, 300), forMs: forMs() };
      case "delay":
        return { kind, delayMs: whole(1, 300), jitterMs: whole(0, 200), forMs: forMs() };
      case "reset":
        return { kind };
      case "flipped bit":
        return { kind, afterBytes: whole(0, 100_000), bit: whole(0, 8) };
      case "killed":
      case "drained":
      case "half-open":
        return { kind, downMs: whole(0, 1_500) };
      case "few descriptors":
        return { kind, spare: whole(0, 4), forMs: forMs() };
      case "little memory":
        return { kind, spareMiB: whole(0, 64), forMs: forMs() };
      case "stopped":
      case "full disk":
      case "damaged store":
        return { kind, forMs: forMs() };
    }
  };
  const isServed = random() < 0.92;
  const lost = oneOf(["all killed", "all out of reach"] as const);
  const strikes: Strike[] = [];
  const count = whole(2, MOST_STRIKES + 1);
  for (let index = 0; index < count; index++) {
    const victim = whole(0, replicas);
    const fault = draw(oneOf(KINDS[wire]));
    // Where every store is damaged the client rightly gives up.
    const everybody = random() < 0.1 && isServed && fault.kind !== "damaged store";
    strikes.push({
      atStep: STEPS_BETWEEN * index + whole(1, STEPS_BETWEEN),
      afterMs: whole(0, 40),
      replicas: everybody ? Array.from({ length: replicas }, (_, replica) => replica) : [victim],
      fault,
    });
  }
  const stageChanges = Array.from({ length: whole(0, 3) }, () => ({
    atStep: whole(1, RUN_STEPS - 1),
    stage: whole(0, 3),
  })).sort((a, b) => a.atStep - b.atStep);
  const ending = isServed ? "served" : lost;
  return { ...head, strikes, stageChanges, ending, deadlineMs: isServed ? 20_000 : 8_000 };
}

/** One line for a person: what happens when. */
export function describeSchedule({ wire, replicas, carrier, strikes, ending }: Schedule): string {
  const said = strikes.map(({ atStep, replicas: struck, fault }) => {
    const { kind, ...numbers } = fault;
    const details = Object.entries(numbers).map(([name, value]) => `${name} ${value}`);
    const whom = struck.length === replicas ? "all" : `replica ${struck.join(", ")}`;
    return `step ${atStep}: ${[kind, ...details].join(" ")} (${whom})`;
  });
  return [
    `${wire}, ${replicas} replicas, ${carrier}`,
    ...said,
    ...(ending === "served" ? [] : [`at last ${ending}`]),
  ].join("; ");
}
