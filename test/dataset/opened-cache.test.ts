import test from "ava";
import { OpenedCache } from "../../loader/dataset/zarr/opened-cache.js";

interface Thing {
  readonly key: string;
  readonly byteLength: number;
}

/** Opens things of a size, and notes which. */
function opener(byteLength: number) {
  const opened: string[] = [];
  const open = (key: string) => async (): Promise<Thing> => {
    opened.push(key);
    return { key, byteLength };
  };
  return { opened, open };
}

test("what was used last stays, and the memory for all of it is bounded", async (t) => {
  const cache = new OpenedCache<Thing>(30);
  const { opened, open } = opener(10);
  for (const key of ["a", "b", "c", "a", "d", "a", "c", "b"]) t.is((await cache.get(key, open(key))).key, key);
  t.deepEqual(opened, ["a", "b", "c", "d", "b"], "b was used longest ago when d came");
});

test("callers at once share one opening", async (t) => {
  const cache = new OpenedCache<Thing>(30);
  const { opened, open } = opener(10);
  await Promise.all([1, 2, 3].map(() => cache.get("a", open("a"))));
  t.deepEqual(opened, ["a"]);
});

test("what cannot be opened is tried again at its next use, and takes no memory", async (t) => {
  const cache = new OpenedCache<Thing>(20);
  const { opened, open } = opener(10);
  await cache.get("a", open("a"));
  for (let again = 0; again < 3; again++)
    await t.throwsAsync(
      cache.get("b", async () => {
        throw new Error("away");
      }),
      { message: "away" },
    );
  await cache.get("b", open("b"));
  await cache.get("a", open("a"));
  t.deepEqual(opened, ["a", "b"]);
});

test("one that is larger than all of the memory is kept until the next", async (t) => {
  const cache = new OpenedCache<Thing>(30);
  const large = opener(40);
  const small = opener(10);
  await cache.get("large", large.open("large"));
  await cache.get("large", large.open("large"));
  await cache.get("small", small.open("small"));
  await cache.get("small", small.open("small"));
  await cache.get("large", large.open("large"));
  t.deepEqual([large.opened, small.opened], [["large", "large"], ["small"]]);
});
