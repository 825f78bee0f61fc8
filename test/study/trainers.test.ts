import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { connectTrainer } from "../../trainer/index.js";
import { fileScope } from "../trainer/file-scope.js";
import { serving, temporaryFolder, trainerIn } from "../trainer/processes.js";
import { resultsIn, startStudy, TINY, tinyStudies, withoutTimes } from "./study-process.js";

const test = anyTest.serial as TestFn<Awaited<ReturnType<typeof tinyStudies>>>;
const scope = fileScope(anyTest as TestFn<Awaited<ReturnType<typeof tinyStudies>>>);

test.before("a store of four small cases", async (t) => {
  t.context = await tinyStudies(scope);
});

/** An address at which nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

const [cubes] = TINY.datasets;

test("a study trains at trainers and data servers that run already; one that is gone leaves its runs to the others", async (t) => {
  const data = await serving(scope, "serve", join(t.context.folder, "store"));
  const trainer = await trainerIn(scope, temporaryFolder(scope));
  const dead = await deadAddress();
  const document = t.context.study("elsewhere", {
    datasets: [{ name: "cubes", data: [data.address], plan: cubes?.plan }],
    trainers: [dead, trainer.address],
    lengths: [50],
  });
  const { code, told, stderr } = await startStudy(scope, document).ended;
  t.is(code, 0, stderr);
  t.deepEqual(told[0], { runs: 2, done: 0 }, "nothing was measured on machines elsewhere");
  t.true(told.filter(({ kind }) => kind === "started").every((one) => one.trainer === trainer.address));
  const runs = [...resultsIn(join(t.context.folder, "elsewhere")).keys()];
  t.is(runs.length, 2);
  const [first = ""] = runs;
  const started = readFileSync(join(t.context.folder, "elsewhere", "runs", first, "training.json"), "utf8");
  t.is(JSON.parse(started).trainer, trainer.address);
});

/** A way to `address` on which answers can be held back; resolves `asked` when a run spec has passed. */
async function gateTo(address: string) {
  const [host = "", port = ""] = address.split(":");
  let isHeld = false;
  let tell = () => {};
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const gate = createServer((caller) => {
    const trainer = connect(Number(port), host);
    for (const socket of [caller, trainer]) socket.on("error", () => undefined);
    caller.on("data", (bytes) => {
      if (bytes.includes("datasetDigest") && isHeld) {
        trainer.removeAllListeners("data");
        trainer.resume();
        tell();
      }
      trainer.write(bytes);
    });
    trainer.on("data", (bytes) => caller.write(bytes));
    caller.on("close", () => trainer.destroy());
    trainer.on("close", () => caller.destroy());
  });
  scope.teardown(() => gate.close());
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  const place = gate.address();
  return {
    address: `127.0.0.1:${typeof place === "object" ? place?.port : ""}`,
    asked,
    hold: (held: boolean) => {
      isHeld = held;
    },
  };
}

test("killed before it hears which training it started, a study finds that one again", async (t) => {
  const data = await serving(scope, "serve", join(t.context.folder, "store"));
  const runs = temporaryFolder(scope);
  const trainer = await trainerIn(scope, runs);
  const gate = await gateTo(trainer.address);
  const document = t.context.study("unheard", {
    datasets: [{ name: "cubes", data: [data.address], plan: cubes?.plan }],
    trainers: [gate.address],
    methods: ["constant"],
    lengths: [50],
  });
  await using client = connectTrainer(trainer.address);
  gate.hold(true);
  const study = startStudy(scope, document);
  await gate.asked;
  const begun = async () => (await client.list()).map(({ id }) => id);
  while ((await begun()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  study.kill("SIGKILL");
  t.is((await study.ended).code, "SIGKILL");

  const [only] = await begun();
  gate.hold(false);
  const { code, stderr } = await startStudy(scope, document).ended;
  t.is(code, 0, stderr);
  t.deepEqual(await begun(), [only]);
  t.is(resultsIn(join(t.context.folder, "unheard")).size, 1);
});

test("without any trainer that answers, a study says which one did not", async (t) => {
  const dead = await deadAddress();
  const document = t.context.study("nobody", { trainers: [dead], lengths: [50], methods: ["constant"] });
  const { code, stderr } = await startStudy(scope, document).ended;
  t.is(code, 1);
  t.true(stderr.includes(dead), stderr);
});

test("two runs at a time end as one after the other does", async (t) => {
  const networks = [4, 2].map((baseFeatures) => ({ name: `base${baseFeatures}`, training: { baseFeatures } }));
  const changes = { networks, methods: ["constant"], lengths: [50] };
  // As many threads each: sums depend on them in their last bits.
  const results = [];
  for (const atOnce of [2, 1]) {
    const trainer = await trainerIn(scope, temporaryFolder(scope), "--trainings", "2", "--threads", "2");
    const document = t.context.study(`at-once-${atOnce}`, { ...changes, atOnce, trainers: [trainer.address] });
    const { code, stderr } = await startStudy(scope, document).ended;
    t.is(code, 0, stderr);
    results.push([...resultsIn(join(t.context.folder, `at-once-${atOnce}`)).values()].map(withoutTimes));
  }
  t.is(results[0]?.length, 2);
  t.deepEqual(results[0], results[1]);
});
