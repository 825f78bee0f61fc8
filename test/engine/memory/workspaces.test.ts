import test from "ava";
import fc from "fast-check";
import { reserveArenas } from "../../../loader/engine/memory/arenas.js";
import { BLOCK_BYTES } from "../../../loader/engine/memory/blocks.js";
import { VolumeCache } from "../../../loader/engine/memory/volume-cache.js";
import { WaitingLine } from "../../../loader/engine/memory/waiting-line.js";
import { Workspaces } from "../../../loader/engine/memory/workspaces.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { caseOf } from "../case-of-blocks.js";

/** The case that cannot be loaded. */
const DAMAGED = "f";

/** Memory of `blocks` blocks for at most `most` workspaces and for volumes. */
function memoryOf(blocks: number, most: number, longAgo = 1000): { volumes: VolumeCache; workspaces: Workspaces } {
  const arenas = reserveArenas(blocks * BLOCK_BYTES, 0);
  const line = new WaitingLine();
  const volumes = new VolumeCache(arenas, { largestLabel: 1, longAgo }, line, async ({ id }) => {
    await turns(2)();
    if (id === DAMAGED) throw new Error("chunk 3 is damaged");
  });
  return { volumes, workspaces: new Workspaces(arenas, volumes, line, most) };
}

/** Something that takes `count` turns of the microtask queue. */
function turns(count: number): () => Promise<void> {
  return async () => {
    for (let turn = 0; turn < count; turn++) await Promise.resolve();
  };
}

/** Uses a volume and, meanwhile, `during`; whether it had a home. */
async function useVolume(
  { volumes, workspaces }: ReturnType<typeof memoryOf>,
  [id, blocks]: readonly [id: string, blocks: number],
  during: () => Promise<unknown> = async () => undefined,
): Promise<boolean> {
  const entry = caseOf(id, blocks);
  const arena = volumes.want(entry, false);
  if (arena === undefined) return false;
  return workspaces.use(BLOCK_BYTES, arena, (workspace) =>
    volumes.use(entry, { arena: workspace.arena, isWorthLoading: false }, async (home) => {
      await during();
      return home !== undefined;
    }),
  );
}

test("a workspace takes the room of unpinned volumes, of no more than it needs, and keeps it", async (t) => {
  const memory = memoryOf(10, 1);
  for (const id of "abc") t.true(await useVolume(memory, [id, 3]));
  await memory.workspaces.use(4 * BLOCK_BYTES, undefined, turns(1));
  t.is(memory.volumes.counts.evictions, 1);
  t.deepEqual(
    [await useVolume(memory, ["a", 3]), await useVolume(memory, ["b", 3]), await useVolume(memory, ["c", 3])],
    [true, true, false],
  );
  await memory.workspaces.use(4 * BLOCK_BYTES, undefined, turns(1));
  t.is(memory.volumes.counts.evictions, 1);
});

test("volumes stay where their going would not make enough room; who waits is served when one is unpinned", async (t) => {
  const memory = memoryOf(9, 2);
  const events: string[] = [];
  t.true(await useVolume(memory, ["a", 3]));
  let waiting: Promise<unknown> = Promise.resolve();
  await useVolume(memory, ["b", 3], async () => {
    waiting = memory.workspaces.use(6 * BLOCK_BYTES, undefined, async () => events.push("served"));
    await turns(9)();
    t.is(memory.volumes.counts.evictions, 0);
    events.push("unpinned");
  });
  await waiting;
  t.deepEqual(events, ["unpinned", "served"]);
});

test("what no arena can ever hold is refused with need and budget, and an aborted wait with its reason", async (t) => {
  const { workspaces } = memoryOf(4, 1);
  const error = await t.throwsAsync(workspaces.use(5 * BLOCK_BYTES, 0, turns(0)), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "LIMIT_EXCEEDED", got: 5 * BLOCK_BYTES, max: 4 * BLOCK_BYTES });
  const stop = new AbortController();
  await workspaces.use(BLOCK_BYTES, 0, async () => {
    const waiting = workspaces.use(BLOCK_BYTES, 0, turns(0), stop.signal);
    stop.abort(new Error("nobody wants it any more"));
    await t.throwsAsync(waiting, { message: "nobody wants it any more" });
  });
});

test("whatever is wanted at once, all are served, at most as many at a time as there are workers, and no two share a block", async (t) => {
  const task = fc.record({
    id: fc.constantFrom(..."abcdef"),
    isWorthLoading: fc.boolean(),
    scratch: fc.integer({ min: 1, max: 4 }),
    region: fc.integer({ min: 1, max: 4 }),
    turns: fc.nat({ max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 8, max: 24 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat({ max: 6 }),
      fc.array(task, { maxLength: 40 }),
      async (blocks, most, longAgo, tasks) => {
        const { volumes, workspaces } = memoryOf(blocks, most, longAgo);
        const lent = new Set<readonly [start: number, end: number]>();
        let served = 0;
        const working = async (
          offset: number,
          count: number,
          home: readonly [number, number] | undefined,
          work: () => Promise<void>,
        ) => {
          const mine = [offset, offset + count * BLOCK_BYTES] as const;
          for (const other of [...lent, ...(home ? [home] : [])]) t.true(mine[1] <= other[0] || other[1] <= mine[0]);
          t.true(mine[1] <= blocks * BLOCK_BYTES);
          lent.add(mine);
          t.true(lent.size <= most);
          await work();
          lent.delete(mine);
          served++;
        };
        await Promise.all(
          tasks.map(async ({ id, isWorthLoading, scratch, region, turns: count }) => {
            const size = 1 + (id.charCodeAt(0) % 5);
            const entry = caseOf(id, size);
            const arena = volumes.want(entry, isWorthLoading);
            const cutFromVolume = (preferred: number) =>
              workspaces.use(scratch * BLOCK_BYTES, preferred, (workspace) =>
                volumes.use(entry, { arena: workspace.arena, isWorthLoading }, async (home) => {
                  if (home === undefined) return false;
                  const volume = [home.offset, home.offset + size * BLOCK_BYTES] as const;
                  await working(workspace.offset, scratch, volume, turns(count));
                  return true;
                }),
              );
            const isCut = arena !== undefined && (await cutFromVolume(arena).catch(() => id !== DAMAGED));
            if (isCut) return;
            const bytes = (scratch + region) * BLOCK_BYTES;
            await workspaces.use(bytes, undefined, ({ offset }) =>
              working(offset, scratch + region, undefined, turns(count)),
            );
          }),
        );
        t.is(served, tasks.length);
      },
    ),
    { numRuns: 300 },
  );
});
