import test from "ava";
import { reserveArenas } from "../../../loader/engine/memory/arenas.js";
import { BLOCK_BYTES } from "../../../loader/engine/memory/blocks.js";
import { SlotPool } from "../../../loader/engine/memory/slots.js";
import { PatchstreamError } from "../../../plan/errors.js";

test("callers wait first come, first served", async (t) => {
  const pool = new SlotPool(reserveArenas(0, 4 * BLOCK_BYTES));
  const first = await pool.lease(3 * BLOCK_BYTES);
  const served: string[] = [];
  const large = pool.lease(4 * BLOCK_BYTES).then((slot) => {
    served.push("large");
    slot.release();
  });
  const small = pool.lease(1).then((slot) => {
    served.push("small");
    slot.release();
  });
  first.release();
  await Promise.all([large, small]);
  t.deepEqual(served, ["large", "small"]);
  t.is(pool.leased, 0);
});

test("a small batch waits for no large one, and a large one gets its room however many small ones come", async (t) => {
  const pool = new SlotPool(reserveArenas(0, 32 * BLOCK_BYTES));
  const unread = await pool.lease(24 * BLOCK_BYTES);
  let waits = 0;
  const large = pool.lease(24 * BLOCK_BYTES, { onWait: () => waits++ });
  const small = [];
  for (let count = 0; count < 4; count++) small.push(await pool.lease(BLOCK_BYTES));
  t.is(waits, 1);
  t.is(pool.waiting, 1);
  const many = await Promise.all(Array.from({ length: 4 }, () => pool.lease(BLOCK_BYTES)));
  const oneMore = pool.lease(BLOCK_BYTES, { onWait: () => waits++ });
  t.is(waits, 2);
  unread.release();
  (await large).release();
  for (const slot of [...small, ...many, await oneMore]) slot.release();
  t.is(pool.leased, 0);
  t.is(pool.waiting, 0);
});

test("large batches together leave the small ones an eighth; one alone may have all", async (t) => {
  const pool = new SlotPool(reserveArenas(0, 32 * BLOCK_BYTES));
  const held = await pool.lease(16 * BLOCK_BYTES);
  let waits = 0;
  const second = pool.lease(14 * BLOCK_BYTES, { onWait: () => waits++ });
  t.is(waits, 1);
  (await pool.lease(4 * BLOCK_BYTES)).release();
  held.release();
  (await second).release();
  (await pool.lease(32 * BLOCK_BYTES)).release();
  t.is(pool.leased, 0);
});

test("a caller that gives up waiting lets the next one through", async (t) => {
  const pool = new SlotPool(reserveArenas(0, 2 * BLOCK_BYTES));
  const held = await pool.lease(BLOCK_BYTES);
  const stop = new AbortController();
  const large = pool.lease(2 * BLOCK_BYTES, { signal: stop.signal });
  const small = pool.lease(BLOCK_BYTES);
  stop.abort(new Error("not wanted any more"));
  await t.throwsAsync(large, { message: "not wanted any more" });
  (await small).release();
  held.release();
  t.is(pool.leased, 0);
});

test("a slot is freed once, however often it is released", async (t) => {
  const pool = new SlotPool(reserveArenas(0, 2 * BLOCK_BYTES));
  const slot = await pool.lease(BLOCK_BYTES);
  slot.release();
  const [second, third] = [await pool.lease(BLOCK_BYTES), await pool.lease(BLOCK_BYTES)];
  slot.release();
  t.is(pool.leased, 2);
  t.not(second.offset, third.offset);
});

test("slots and volumes share arenas without sharing a byte, and both budgets are there in full", async (t) => {
  for (const [volumes, slots] of [
    [2 ** 20, 2 ** 20],
    [2 ** 32, 2 ** 29],
    [2 ** 20, 2 ** 32 + 2 ** 21],
  ] as const) {
    const arenas = reserveArenas(volumes, slots);
    const blocksOf = (of: "blocks" | "slotBlocks") => arenas.reduce((sum, arena) => sum + arena[of].capacity, 0);
    t.deepEqual([blocksOf("blocks"), blocksOf("slotBlocks")], [volumes / BLOCK_BYTES, slots / BLOCK_BYTES]);
    const pool = new SlotPool(arenas);
    const places = new Set<string>();
    for (let left = slots; left > 0; left -= 2 ** 20) {
      const { arena, offset, bytes } = await pool.lease(2 ** 20);
      const { memory, blocks } = arenas[arena] as (typeof arenas)[number];
      t.true(offset >= blocks.capacity * BLOCK_BYTES && offset + bytes.length <= memory.buffer.byteLength);
      places.add(`${arena} ${offset}`);
    }
    t.is(places.size, slots / 2 ** 20);
  }
});

test("a batch larger than the budget is refused at once, with both sizes", async (t) => {
  const pool = new SlotPool(reserveArenas(0, 2 * BLOCK_BYTES));
  const error = await t.throwsAsync(pool.lease(3 * BLOCK_BYTES), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "LIMIT_EXCEEDED", got: 3 * BLOCK_BYTES, max: 2 * BLOCK_BYTES });
});
