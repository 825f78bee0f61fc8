import { writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { fileScope } from "../trainer/file-scope.js";
import {
  channelTo,
  holdOutLast,
  type Process,
  patchstream,
  sampleStore,
  serving,
  start,
  temporaryFolder,
  tinyRun,
  trainerIn,
} from "../trainer/processes.js";
import { hasTerminals, inTerminal, screenAfter, strangeEscapes } from "./in-terminal.js";

interface Shared {
  readonly cases: readonly string[];
  readonly data: Process;
  readonly trainer: Process;
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);
const terminalTest = hasTerminals ? test.serial : test.serial.skip;

test.before("a data server and a trainer", async (t) => {
  const { store, cases } = await sampleStore(scope, 3);
  const runs = temporaryFolder(scope);
  const [data, trainer] = await Promise.all([serving(scope, "serve", store, "--workers", "1"), trainerIn(scope, runs)]);
  t.context = { cases, data, trainer };
});

for (const [columns, environment] of [
  [120, {}],
  [40, {}],
  [120, { NO_COLOR: "1" }],
] as const)
  terminalTest(
    `on a terminal of ${columns} columns${"NO_COLOR" in environment ? " without colours" : ""} train shows a bar, the news above it, and the table`,
    async (t) => {
      const { cases, data, trainer } = t.context;
      const split = { ...holdOutLast(cases), valSteps: 1 };
      const control = { kind: "adaptive", mostEpochs: 1 };
      const run = join(temporaryFolder(t), "run.json");
      writeFileSync(run, JSON.stringify(tinyRun(cases, { data: split, training: { control } })));
      const args = ["train", "--data", data.address, "--trainer", trainer.address, "--run", run];
      const session = inTerminal(columns, args, environment);
      await session.ended;
      const output = session.output();
      t.regex(output, columns < 80 ? /\r\d+\/32 \[=+-+\] epoch/ : /\r\d+\/32 \[=+-+\] epoch \d\/8 stage \d 8x8x/);
      t.deepEqual(strangeEscapes(output), []);
      const screen = screenAfter(output, columns);
      const bars = screen.filter((line) => /^\d+\/32 \[/.test(line));
      t.is(bars.length, 1, screen.join("\n"));
      t.regex(bars[0] ?? "", /^32\/32 \[=+\] epoch 8\/8/);
      const bar = screen.indexOf(bars[0] ?? "");
      for (const news of [/^training running/, /is decided from step/, /^hippocampus_\w+: Dice/, /^training done/]) {
        const said = screen.findIndex((line) => news.test(line));
        t.true(said >= 0 && said < bar, `${news} at ${said}, the bar at ${bar}`);
      }
      t.regex(
        screen.slice(bar + 1).join("\n"),
        /^\s*stage\s+patch[\s\S]*mean foreground Dice \d[\s\S]*\nexit 0\nsettings as before/,
      );
    },
  );

terminalTest("Ctrl-C leaves the training alone and the terminal usable, and says how to come back", async (t) => {
  const { cases, data, trainer } = t.context;
  const id = await start(channelTo(t, trainer), data, tinyRun(cases, { data: { stepsPerEpoch: 10_000 } }));
  const session = inTerminal(100, ["train", "--trainer", trainer.address, "--watch", id]);
  await session.shown(/\d+\/80000 \[/);
  session.press("\x03");
  await session.ended;
  const screen = screenAfter(session.output().replaceAll("^C", ""), 100);
  const bar = screen.findLastIndex((line) => /^\d+\/80000 \[/.test(line));
  const again = `patchstream train --trainer ${trainer.address} --watch ${id}`;
  t.is(
    screen.slice(bar + 1).join(""),
    `training ${id} goes on; watch it again with: ${again}exit 130settings as before`,
  );
  t.deepEqual(strangeEscapes(session.output()), []);
  const { stdout } = await patchstream("trainings", "--trainer", trainer.address);
  t.regex(stdout, new RegExp(`${id} .* running`));
  await patchstream("trainings", "--trainer", trainer.address, "--stop", id);
});

terminalTest("a terminal that cannot draw gets lines", async (t) => {
  const { cases, data, trainer } = t.context;
  const id = await start(channelTo(t, trainer), data, tinyRun(cases));
  const session = inTerminal(80, ["train", "--trainer", trainer.address, "--watch", id], { TERM: "dumb" });
  await session.ended;
  t.false(session.output().includes("\u001b"));
  t.false(session.output().replaceAll("\r\n", "\n").includes("\r"));
  t.regex(session.output(), /epoch 8 of 8, step 32 of 32/);
});
