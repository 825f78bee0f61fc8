import test from "ava";
import fc from "fast-check";
import type { StoredCase } from "../../../loader/dataset/dataset.js";
import { reserveArenas } from "../../../loader/engine/memory/arenas.js";
import { BLOCK_BYTES } from "../../../loader/engine/memory/blocks.js";
import { VolumeCache, type VolumeHome } from "../../../loader/engine/memory/volume-cache.js";
import { WaitingLine } from "../../../loader/engine/memory/waiting-line.js";
import { caseOf } from "../case-of-blocks.js";

/** A cache over `blocks` blocks; `loading` holds the ids in the order their loads began. */
function cacheOf(blocks: number, longAgo = 1000): { cache: VolumeCache; loading: string[] } {
  const loading: string[] = [];
  const cache = new VolumeCache(
    reserveArenas(blocks * BLOCK_BYTES, 0),
    { largestLabel: 1, longAgo },
    new WaitingLine(),
    async ({ id }) => {
      loading.push(id);
    },
  );
  return { cache, loading };
}

/** Wants a case and uses it, without a home where no arena has room. */
async function use<Result>(
  cache: VolumeCache,
  entry: StoredCase,
  isWorthLoading: boolean,
  using: (home?: VolumeHome) => Promise<Result>,
): Promise<Result> {
  const arena = cache.want(entry, isWorthLoading);
  return arena === undefined ? using() : cache.use(entry, { arena, isWorthLoading }, using);
}

/** Uses cases of two blocks one after the other; of each, whether it had a home. */
async function useEach(cache: VolumeCache, ids: Iterable<string>, isWorthLoading: boolean): Promise<boolean[]> {
  const homes: boolean[] = [];
  for (const id of ids) homes.push(await use(cache, caseOf(id, 2), isWorthLoading, async (home) => home !== undefined));
  return homes;
}

test("callers that want one case at once share one load and one place", async (t) => {
  const { cache, loading } = cacheOf(8);
  const homes = await Promise.all([1, 2, 3].map(() => use(cache, caseOf("a", 2), false, async (home) => home)));
  t.deepEqual(loading, ["a"]);
  t.deepEqual(homes, [homes[0], homes[0], homes[0]]);
  t.deepEqual(cache.counts, { hits: 2, loads: 1, evictions: 0 });
});

test("volumes stay, and a case that finds no room has no home", async (t) => {
  const { cache, loading } = cacheOf(4);
  t.deepEqual(await useEach(cache, "abcacb", false), [true, true, false, true, false, true]);
  t.deepEqual(loading, ["a", "b"]);
  t.is(cache.counts.evictions, 0);
});

test("a use that is worth a load takes the room of the least recently used case", async (t) => {
  const { cache, loading } = cacheOf(4);
  await useEach(cache, "abacab", true);
  t.deepEqual(loading, ["a", "b", "c", "b"]);
});

test("a case that was not used for long makes room", async (t) => {
  const { cache, loading } = cacheOf(4, 3);
  t.deepEqual(await useEach(cache, "abbcbc", false), [true, true, true, true, true, true]);
  t.deepEqual(loading, ["a", "b", "c"]);
});

test("a case in use stays, however much its room is wanted", async (t) => {
  const { cache, loading } = cacheOf(4, 0);
  await use(cache, caseOf("a", 3), true, async () => {
    t.deepEqual(await useEach(cache, "bb", true), [false, false]);
  });
  t.deepEqual(await useEach(cache, "b", true), [true]);
  t.deepEqual(loading, ["a", "b"]);
});

test("the volumes in memory never take more than its blocks, whatever is used at once", async (t) => {
  const uses = fc.array(
    fc.record({ id: fc.constantFrom(..."abcdef"), isWorthLoading: fc.boolean(), turns: fc.nat({ max: 3 }) }),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 9 }), fc.nat({ max: 6 }), uses, async (blocks, longAgo, all) => {
      const { cache } = cacheOf(blocks, longAgo);
      const held = new Map<string, { uses: number; home: VolumeHome; blocks: number }>();
      await Promise.all(
        all.map(async ({ id, isWorthLoading, turns }) => {
          const size = 1 + (id.charCodeAt(0) % 3);
          await use(cache, caseOf(id, size), isWorthLoading, async (home) => {
            if (home === undefined) return;
            const holding = held.get(id) ?? { uses: 0, home, blocks: size };
            t.deepEqual(holding.home, home);
            holding.uses++;
            held.set(id, holding);
            t.true(areApart([...held.values()], blocks * BLOCK_BYTES));
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            holding.uses--;
            if (holding.uses === 0) held.delete(id);
          });
        }),
      );
    }),
  );
});

/** Whether volumes of one arena share no byte and end within it. */
function areApart(volumes: { readonly home: VolumeHome; readonly blocks: number }[], arenaBytes: number): boolean {
  let end = 0;
  return volumes
    .sort((a, b) => a.home.offset - b.home.offset)
    .every(({ home: { offset }, blocks }) => {
      const begins = offset >= end;
      end = offset + blocks * BLOCK_BYTES;
      return begins && end <= arenaBytes;
    });
}

test("a load that fails tells all who waited, frees its room, and is tried again by the next", async (t) => {
  let attempts = 0;
  const cache = new VolumeCache(
    reserveArenas(4 * BLOCK_BYTES, 0),
    { largestLabel: 1, longAgo: 1000 },
    new WaitingLine(),
    async () => {
      attempts++;
      if (attempts === 1) throw new Error("chunk 3 is damaged");
    },
  );
  const both = [1, 2].map(() => use(cache, caseOf("a", 4), true, async () => "cut"));
  t.deepEqual(
    (await Promise.allSettled(both)).map(({ status }) => status),
    ["rejected", "rejected"],
  );
  t.is(await use(cache, caseOf("b", 4), true, async () => "cut"), "cut");
  t.is(await use(cache, caseOf("a", 4), true, async () => "cut"), "cut");
});

test("a case larger than every arena has no home and makes no room, one of exactly its size has one", async (t) => {
  const hasHome = (cache: VolumeCache, id: string, blocks: number) =>
    use(cache, caseOf(id, blocks), true, async (home) => home !== undefined);
  const { cache } = cacheOf(4);
  t.true(await hasHome(cache, "a", 4));
  t.false(await hasHome(cache, "b", 5));
  t.is(cache.counts.evictions, 0);
  t.false(await hasHome(cacheOf(0).cache, "a", 1));
});
