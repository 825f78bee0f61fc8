import anyTest, { type TestFn } from "ava";
import { fileScope } from "./file-scope.js";
import { type Process, sampleStore, serving } from "./processes.js";

/** What the tests of a file share. */
export interface OneDataServer {
  readonly cases: readonly string[];
  readonly data: Process;
}

/** A file's tests with a data server of two cases of the sample, which ends when all of them have. */
export function testWithDataServer(): TestFn<OneDataServer> {
  const test = anyTest as TestFn<OneDataServer>;
  const scope = fileScope(test);
  test.before("a data server", async (t) => {
    const { store, cases } = await sampleStore(scope, 2);
    t.context = { cases, data: await serving(scope, "serve", store, "--workers", "1") };
  });
  return test;
}
