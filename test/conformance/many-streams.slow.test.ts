import test from "ava";
import { fingerprint, type HeldClient } from "./held/held-client.js";
import { heldClient } from "./held/hold.js";
import { oneServer } from "./served-store.js";
import { RUN_STEPS, SMALL_RUN } from "./small-run.js";

const server = oneServer(test);
const { hold } = heldClient(test);
const STREAMS = 64;
const CLIENTS = 4;
/** So many streams read the same batches, each at a pace of its own. */
const OF_A_SEED = 4;

test.serial(
  `${STREAMS} streams of one server at once get what an undisturbed client gets, each step once and in order`,
  async (t) => {
    t.timeout(600_000);
    const { address } = await server();
    const clients = Array.from({ length: CLIENTS }, () => hold(t, address, { deadlineMs: 300_000 }));
    const read = async (seed: number, client = clients[0] as HeldClient) => {
      const run = await client.openRun({ ...SMALL_RUN, seed }, { creditBatches: 2 + (seed % 3) });
      const found: string[] = [];
      for await (const batch of run.batches()) found.push(fingerprint(batch));
      return found;
    };
    const seeds = Array.from({ length: STREAMS / OF_A_SEED }, (_, seed) => seed);
    const expected: string[][] = [];
    for (const seed of seeds) expected.push(await read(seed));
    t.is(new Set(expected.flat()).size, seeds.length * RUN_STEPS, "every seed has batches of its own");
    const all = seeds.flatMap((seed) => Array.from({ length: OF_A_SEED }, () => seed));
    const found = await Promise.all(all.map((seed, stream) => read(seed, clients[stream % CLIENTS])));
    for (const [stream, seed] of all.entries()) t.deepEqual(found[stream], expected[seed], `stream ${stream}`);
  },
);

test.serial(
  `${STREAMS} streams that want the same have equal shares: when one has all of its batches, none is a tenth behind`,
  async (t) => {
    t.timeout(600_000);
    const { address } = await server();
    const stepsPerEpoch = 100;
    const plan = { patchSize: [16, 16, 16], batchSize: 2, pooling: [1, 1, 1] } as const;
    const { dataset, split } = SMALL_RUN;
    const spec = { dataset, split, plan, mode: "constant", epochs: 1, stepsPerEpoch } as const;
    const clients = Array.from({ length: CLIENTS }, () => hold(t, address, { deadlineMs: 300_000 }));
    const counts = Array.from({ length: STREAMS }, () => 0);
    let atFirst: readonly number[] = [];
    let atEnd: readonly number[] = [];
    const read = async (stream: number) => {
      const run = await (clients[stream % CLIENTS] as HeldClient).openRun(
        { ...spec, seed: stream },
        { creditBatches: 4 },
      );
      for await (const batch of run.batches()) {
        counts[stream] = batch.step + 1;
        if (atFirst.length === 0 && counts.every((count) => count > 0)) atFirst = [...counts]; // all have begun
        if (atEnd.length === 0 && counts[stream] === stepsPerEpoch) atEnd = [...counts];
      }
    };
    await Promise.all(counts.map((_, stream) => read(stream)));
    const shares = atEnd.map((count, stream) => count - (atFirst[stream] ?? count));
    t.log(`${Math.min(...shares)} to ${Math.max(...shares)} batches`);
    t.true(Math.min(...shares) >= 0.9 * Math.max(...shares), shares.join(" "));
  },
);
