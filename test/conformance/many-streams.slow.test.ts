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

test(`${STREAMS} streams of one server at once get what an undisturbed client gets, each step once and in order`, async (t) => {
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
});
