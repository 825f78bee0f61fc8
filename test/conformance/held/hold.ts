import type { ExecutionContext, ImplementationFn, TestFn } from "ava";
import type { Carrier } from "../../../rpc/carrier.js";
import { CARRIER, CLIENT_TLS } from "../carrier.js";
import { ForeignClient, ForeignCommand } from "./foreign-client.js";
import type { HeldClient, HeldOptions } from "./held-client.js";
import { ownClient } from "./own-client.js";

/** `CONFORMANCE_CLIENT`: the command of the client that is held to the rules instead of ours, its words parted by spaces. */
const COMMAND = process.env.CONFORMANCE_CLIENT;

/** Connects the client that is held to the rules; over what they are held over, unless `options` says otherwise. */
export type Hold = (t: ExecutionContext, addresses: string | string[], options?: Partial<HeldOptions>) => HeldClient;

/** The client of a test file. */
export interface Held {
  readonly hold: Hold;
  /** One client of a server that no test disturbs, for all tests of the file. */
  holdOnce(server: () => Promise<{ readonly address: string }>): () => Promise<HeldClient>;
  /** What the client can carry streams by. */
  carriers(): Promise<readonly Carrier[]>;
  /** A test of what is ours alone; for any other client it says so and passes. */
  testOurs(title: string, because: string, implementation: ImplementationFn<[]>): void;
}

/** Long enough for a busy machine. */
const DEADLINE_MS = 60_000;

/** The client that the tests of a file hold to the rules: ours, or the one of `CONFORMANCE_CLIENT`. */
export function heldClient(test: TestFn, defaults: Partial<HeldOptions> = {}): Held {
  let command: ForeignCommand | undefined;
  const foreign = (line: string) => {
    command ??= new ForeignCommand(line);
    return command;
  };
  test.after.always(() => command?.end());
  const connect = (addresses: readonly string[], options: Partial<HeldOptions> = {}): HeldClient => {
    const all: HeldOptions = { deadlineMs: DEADLINE_MS, carrier: CARRIER, ...CLIENT_TLS, ...defaults, ...options };
    return COMMAND === undefined ? ownClient(addresses, all) : new ForeignClient(foreign(COMMAND), addresses, all);
  };
  return {
    hold(t, addresses, options) {
      const client = connect(typeof addresses === "string" ? [addresses] : addresses, options);
      t.teardown(() => client[Symbol.asyncDispose]());
      return client;
    },
    holdOnce(server) {
      let client: Promise<HeldClient> | undefined;
      test.after.always(async () => (await client)?.[Symbol.asyncDispose]());
      return () => {
        client ??= server().then(({ address }) => connect([address]));
        return client;
      };
    },
    async carriers() {
      return COMMAND === undefined ? ["grpc", "lane"] : (await foreign(COMMAND).hello).carriers;
    },
    testOurs(title, because, implementation) {
      if (COMMAND === undefined) test(title, implementation);
      else
        test(title, (t) => {
          t.log(`SKIPPED for ${COMMAND}: ${because}`);
          t.pass();
        });
    },
  };
}
