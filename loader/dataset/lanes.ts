/**
 * Does `work` for each of the items, `atOnce` of them at a time, begun in their order. Where one fails no other is begun, and those that
 * were have ended before it throws.
 */
export async function inLanes<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const queue = each(items);
  const lanes = Array.from({ length: atOnce }, async () => {
    for (const item of queue) await work(item); // one that throws ends the queue for all
  });
  await Promise.allSettled(lanes);
  await Promise.all(lanes);
}

function* each<Item>(items: Iterable<Item>): Generator<Item> {
  yield* items;
}
