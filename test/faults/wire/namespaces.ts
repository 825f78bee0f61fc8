import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import type { WireFault, WireKind } from "../schedule.js";
import { cannot, type Mend, type Wire } from "./wire.js";

const run = promisify(execFile);

/** A network namespace that ends with this process: it lives as long as a process that reads what never comes. */
class Namespace implements AsyncDisposable {
  readonly #holder: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(holder: ChildProcessByStdio<Writable, Readable, null>) {
    this.#holder = holder;
  }

  static async open(): Promise<Namespace> {
    // The first word is said inside of it: before that, the process is still in ours.
    const holder = spawn("unshare", ["--net", "sh", "-c", "ip link set lo up && echo up && exec cat >&2"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const ended = once(holder, "exit").then(() => Promise.reject(new Error("no network namespace can be made here")));
    await Promise.race([once(holder.stdout, "data"), ended]);
    ended.catch(() => {});
    return new Namespace(holder);
  }

  get pid(): string {
    return String(this.#holder.pid);
  }

  /** Words before a command that is to run inside. */
  get prefix(): readonly string[] {
    return ["nsenter", "--target", this.pid, "--net"];
  }

  /** Runs shell commands inside, one after the other; rejects with what failed. */
  async sh(...commands: readonly string[]): Promise<void> {
    const [program = "", ...words] = this.prefix;
    await run(program, [...words, "sh", "-ec", commands.join("\n")]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#holder, "exit");
    this.#holder.stdin.end();
    await exited;
  }
}

/** Whether this user may make namespaces, connect them and slow them down. */
export async function wiresHere(): Promise<readonly WireKind[]> {
  try {
    await using wire = await openNamespaces(1);
    await (await wire.strike(0, { kind: "rate", kbitPerSecond: 1_000, forMs: 0 }))();
    await (await wire.strike(0, { kind: "partition", way: "both", forMs: 0 }))();
    return ["namespaces", "relay"];
  } catch {
    return ["relay"];
  }
}

const serverHost = (replica: number) => `10.77.${replica}.2`;
/** The client's own address towards a replica: one for each, so that the way back from one can be cut alone. */
const clientHost = (replica: number) => `10.78.${replica}.2`;

/**
 * A client, a router and servers, each in a network namespace, joined by cables. Packets are dropped at the router, so that neither end is
 * told: this is what a partition of real machines looks like.
 */
export async function openNamespaces(replicas: number): Promise<Wire> {
  const all = Array.from({ length: replicas }, (_, replica) => replica);
  const [router, client, ...servers] = (await Promise.all([0, 1, ...all].map(() => Namespace.open()))) as [
    Namespace,
    Namespace,
    ...Namespace[],
  ];
  await router.sh(
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
    `ip link add c type veth peer name eth0 netns ${client.pid}`,
    ...all.map((replica) => `ip link add s${replica} type veth peer name eth0 netns ${servers[replica]?.pid}`),
    ...all.flatMap((replica) => [
      `ip addr add 10.77.${replica}.1/24 dev s${replica}`,
      `ip addr add 10.78.${replica}.1/24 dev c`,
      `ip link set s${replica} up`,
    ]),
    "ip link set c up",
  );
  await client.sh(
    ...all.map((replica) => `ip addr add ${clientHost(replica)}/24 dev eth0`),
    "ip link set eth0 up",
    ...all.map(
      (replica) => `ip route add ${serverHost(replica)} via 10.78.${replica}.1 src ${clientHost(replica)} dev eth0`,
    ),
  );
  await Promise.all(
    servers.map((server, replica) =>
      server.sh(
        `ip addr add ${serverHost(replica)}/24 dev eth0`,
        "ip link set eth0 up",
        `ip route add default via 10.77.${replica}.1`,
      ),
    ),
  );

  const serverOf = (replica: number) => servers[replica] as Namespace;
  const blackholes = (replica: number, way: "both" | "up" | "down") => [
    ...(way === "down" ? [] : [`blackhole ${serverHost(replica)}/32`]),
    ...(way === "up" ? [] : [`blackhole ${clientHost(replica)}/32`]),
  ];
  const cut = async (replica: number, way: "both" | "up" | "down"): Promise<Mend> => {
    const routes = blackholes(replica, way);
    await router.sh(...routes.map((route) => `ip route add ${route}`));
    return () => router.sh(...routes.map((route) => `ip route del ${route}`));
  };

  return {
    clientPrefix: client.prefix,
    serverPrefix: (replica) => serverOf(replica).prefix,
    host: serverHost,
    reach: async (replica, { port }) => `${serverHost(replica)}:${port}`,
    async strike(replica: number, fault: WireFault): Promise<Mend> {
      switch (fault.kind) {
        case "partition":
          return cut(replica, fault.way);
        case "rate": {
          const limit = `rate ${fault.kbitPerSecond}kbit burst 16kb latency 400ms`;
          await serverOf(replica).sh(`tc qdisc add dev eth0 root tbf ${limit}`);
          return () => serverOf(replica).sh("tc qdisc del dev eth0 root");
        }
        case "loss": {
          let isOver = false;
          const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
          const losing = (async () => {
            while (!isOver) {
              const mend = await cut(replica, "both");
              await pause(fault.lostMs);
              await mend();
              await pause(fault.everyMs);
            }
          })();
          return async () => {
            isOver = true;
            await losing;
          };
        }
        case "reset":
          // Of a kernel that cannot do it, nothing is asked here.
          await serverOf(replica).sh("ss --kill state established >/dev/null 2>&1 || true");
          return async () => {};
        case "delay":
        case "flipped bit":
          throw cannot(fault, "a network of namespaces");
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([client, router, ...servers].map((namespace) => namespace[Symbol.asyncDispose]()));
    },
  };
}
