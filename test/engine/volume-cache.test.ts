import test from "ava";
import type { StoredCase } from "../../loader/dataset/store.js";
import { reserveArenas } from "../../loader/engine/arenas.js";
import { BLOCK_BYTES } from "../../loader/engine/blocks.js";
import { VolumeCache } from "../../loader/engine/volume-cache.js";
import { volumeBytes } from "../../loader/engine/volume-layout.js";

/** A case of exactly `blocks` blocks. */
function caseOf(id: string, blocks: number): StoredCase {
  const entry: StoredCase = {
    id,
    shape: [1, 1, 1, (blocks * BLOCK_BYTES) / 8],
    spacingMm: [1, 1, 1],
    foregroundCounts: [(blocks * BLOCK_BYTES) / 48],
    digest: "",
    geometry: {
      affine: [],
      originalShape: [1, 1, 1],
      originalSpacingMm: [1, 1, 1],
      transpose: [0, 1, 2],
      cropStart: [0, 0, 0],
      cropEnd: [1, 1, 1],
      spacingMm: [1, 1, 1],
    },
  };
  return {
    ...entry,
    foregroundCounts: [Math.floor((blocks * BLOCK_BYTES - volumeBytes({ ...entry, foregroundCounts: [0] })) / 12)],
  };
}

const never = new AbortController().signal;

/** A cache over `blocks` blocks; `loading` holds the ids in the order their loads began. */
function cacheOf(blocks: number): { cache: VolumeCache; loading: string[] } {
  const loading: string[] = [];
  const cache = new VolumeCache(reserveArenas(blocks * BLOCK_BYTES, 0), async ({ id }) => {
    loading.push(id);
  });
  return { cache, loading };
}

test("callers that want one case at once share one load and one place", async (t) => {
  const { cache, loading } = cacheOf(8);
  const homes = await Promise.all([1, 2, 3].map(() => cache.use(caseOf("a", 2), never, async (home) => home)));
  t.deepEqual(loading, ["a"]);
  t.deepEqual(homes, [homes[0], homes[0], homes[0]]);
  t.deepEqual(cache.counts, { hits: 2, loads: 1, evictions: 0 });
});

test("the least recently used case makes room", async (t) => {
  const { cache, loading } = cacheOf(4);
  for (const id of ["a", "b", "a", "c", "a", "b"]) await cache.use(caseOf(id, 2), never, async () => undefined);
  t.deepEqual(loading, ["a", "b", "c", "b"]);
});

test("a case in use stays; who needs its room waits until it is not", async (t) => {
  const { cache, loading } = cacheOf(4);
  const events: string[] = [];
  let finish = () => {};
  const using = cache.use(caseOf("a", 3), never, async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    events.push("a done");
  });
  const waiting = cache.use(caseOf("b", 2), never, async () => {
    events.push("b runs");
  });
  await cache
    .use(caseOf("a", 3), AbortSignal.abort("gone"), async () => undefined)
    .catch((reason) => events.push(reason));
  t.deepEqual(loading, ["a"]);
  finish();
  await Promise.all([using, waiting]);
  t.deepEqual(events, ["gone", "a done", "b runs"]);
});

test("a load that fails tells all who waited, frees its room, and is tried again by the next", async (t) => {
  let attempts = 0;
  const cache = new VolumeCache(reserveArenas(4 * BLOCK_BYTES, 0), async () => {
    attempts++;
    if (attempts === 1) throw new Error("chunk 3 is damaged");
  });
  const both = [1, 2].map(() => cache.use(caseOf("a", 4), never, async () => "cut"));
  t.deepEqual(
    (await Promise.allSettled(both)).map(({ status }) => status),
    ["rejected", "rejected"],
  );
  t.is(await cache.use(caseOf("b", 4), never, async () => "cut"), "cut");
  t.is(await cache.use(caseOf("a", 4), never, async () => "cut"), "cut");
});

test("a case larger than every arena does not fit, one of exactly its size does", (t) => {
  const { cache } = cacheOf(4);
  t.true(cache.fits(caseOf("a", 4)));
  t.false(cache.fits(caseOf("a", 5)));
  t.false(cacheOf(0).cache.fits(caseOf("a", 1)));
});
