import test from "ava";
import { usableMemory } from "../../disk/machine-memory.js";

test("a container's limit counts where there is one", (t) => {
  t.is(usableMemory(100, 40), 40);
  for (const none of [undefined, 0, 2 ** 64]) t.is(usableMemory(100, none), 100);
});
