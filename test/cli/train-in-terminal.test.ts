import { writeFileSync } from "node:fs";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { fileScope } from "../trainer/file-scope.js";
import {
  channelTo,
  holdOutLast,
  type Process,
  sampleStore,
  serving,
  start,
  TWO_STAGES,
  temporaryFolder,
  tinyRun,
  trainerIn,
} from "../trainer/processes.js";
import { patchstreamHere } from "./command.js";
import { hasTerminals, inTerminal, screenAfter, strangeEscapes } from "./in-terminal.js";

interface Shared {
  readonly cases: readonly string[];
  readonly data: Process;
  readonly trainer: Process;
  /** Of a training that has ended: its id, and what a terminal of 120 columns showed while it ran. */
  readonly training: string;
  readonly shown: string;
}

const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);
const terminalTest = hasTerminals ? test.serial : test.serial.skip;

test.before("a training in a terminal", async (t) => {
  const { store, cases } = await sampleStore(scope, 3);
  const folder = temporaryFolder(scope);
  const [data, trainer] = await Promise.all([
    serving(scope, "serve", store, "--workers", "1"),
    trainerIn(scope, join(folder, "runs")),
  ]);
  const control = { kind: "adaptive", mostEpochs: 1 };
  const split = { ...holdOutLast(cases), valSteps: 1 };
  const run = join(folder, "run.json");
  writeFileSync(run, JSON.stringify(tinyRun(cases, { data: { ...TWO_STAGES, ...split }, training: { control } })));
  const args = ["train", "--data", data.address, "--trainer", trainer.address, "--run", run];
  const session = inTerminal(120, args);
  await session.ended;
  const [, training = ""] = /^training (\S+)/m.exec(session.output()) ?? [];
  t.context = { cases, data, trainer, training, shown: session.output() };
});

/** What a terminal of `columns` shows of the training that has ended. */
async function watched({ trainer, training }: Shared, columns: number, environment = {}): Promise<string> {
  const session = inTerminal(columns, ["train", "--trainer", trainer.address, "--watch", training], environment);
  await session.ended;
  return session.output();
}

for (const [where, columns, output] of [
  ["on a terminal of 120 columns", 120, async ({ shown }) => shown],
  ["on a terminal of 40 columns", 40, (shared) => watched(shared, 40)],
  ["without colours", 120, (shared) => watched(shared, 120, { NO_COLOR: "1" })],
] as const satisfies readonly [string, number, (shared: Shared) => Promise<string>][])
  terminalTest(`${where} train shows a bar, the news above it, and the table`, async (t) => {
    const text = await output(t.context);
    t.regex(text, columns < 80 ? /\r\d+\/16 \[=+-+\] epoch/ : /\r\d+\/16 \[=+-+\] epoch \d\/4 stage \d 8x8x/);
    t.deepEqual(strangeEscapes(text), []);
    const screen = screenAfter(text, columns);
    const bars = screen.filter((line) => /^\d+\/16 \[/.test(line));
    t.is(bars.length, 1, screen.join("\n"));
    t.regex(bars[0] ?? "", /^16\/16 \[=+\] epoch 4\/4/);
    const bar = screen.indexOf(bars[0] ?? "");
    for (const news of [/^training running/, /is decided from step/, /^hippocampus_\w+: Dice/, /^training done/]) {
      const said = screen.findIndex((line) => news.test(line));
      t.true(said >= 0 && said < bar, `${news} at ${said}, the bar at ${bar}`);
    }
    t.regex(
      screen.slice(bar + 1).join("\n"),
      /^\s*stage\s+patch[\s\S]*mean foreground Dice \d[\s\S]*\nexit 0\nsettings as before/,
    );
  });

terminalTest("Ctrl-C leaves the training alone and the terminal usable, and says how to come back", async (t) => {
  const { cases, data, trainer } = t.context;
  const id = await start(
    channelTo(t, trainer),
    data,
    tinyRun(cases, { data: { ...TWO_STAGES, stepsPerEpoch: 10_000 } }),
  );
  const session = inTerminal(100, ["train", "--trainer", trainer.address, "--watch", id]);
  await session.shown(/\d+\/40000 \[/);
  session.press("\x03");
  await session.ended;
  const screen = screenAfter(session.output().replaceAll("^C", ""), 100);
  const bar = screen.findLastIndex((line) => /^\d+\/40000 \[/.test(line));
  const again = `patchstream train --trainer ${trainer.address} --watch ${id}`;
  t.is(
    screen.slice(bar + 1).join(""),
    `training ${id} goes on; watch it again with: ${again}exit 130settings as before`,
  );
  t.deepEqual(strangeEscapes(session.output()), []);
  const { stdout } = await patchstreamHere("trainings", "--trainer", trainer.address);
  t.regex(stdout, new RegExp(`${id} .* running`));
  await patchstreamHere("trainings", "--trainer", trainer.address, "--stop", id);
});

terminalTest("a terminal that cannot draw gets lines", async (t) => {
  const output = await watched(t.context, 80, { TERM: "dumb" });
  t.false(output.includes("\u001b"));
  t.false(output.replaceAll("\r\n", "\n").includes("\r"));
  t.regex(output, /epoch 4 of 4, step 16 of 16/);
});
