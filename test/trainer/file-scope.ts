import type { TestFn } from "ava";
import type { Teardown } from "./processes.js";

/** What all tests of a file share ends when they have: ava's `before` has no teardown of its own. */
export function fileScope<Context>(test: TestFn<Context>): Teardown {
  const ended: (() => unknown)[] = [];
  test.after.always(async () => {
    for (const end of ended.toReversed()) await end();
  });
  return { teardown: (end) => void ended.push(end) };
}
