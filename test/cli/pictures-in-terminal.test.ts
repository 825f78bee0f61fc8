import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import sharp from "sharp";
import { decode } from "sixel";
import { pictureProtocol } from "../../cli/terminal-picture.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { longTraining } from "../trainer/history/events-of-a-long-training.js";
import { temporaryFolder } from "../trainer/processes.js";
import { patchstreamHere } from "./command.js";
import { hasTerminals, inTerminal, strangeEscapes } from "./in-terminal.js";

const terminalTest = hasTerminals ? test : test.skip;
const COLUMNS = 90;
const PLAIN = {
  TERM_PROGRAM: "",
  LC_TERMINAL: "",
  KITTY_WINDOW_ID: "",
  KONSOLE_VERSION: "",
  NO_COLOR: "",
  TMUX: "",
  STY: "",
};
const TERMINALS = {
  kitty: { ...PLAIN, TERM: "xterm-kitty" },
  iterm2: { ...PLAIN, TERM_PROGRAM: "iTerm.app" },
  sixel: { ...PLAIN, TERM: "foot" },
};

test("which terminals show pictures is known by what they call themselves, and none does within tmux, without colours or where output is a file", (t) => {
  const terminal = { isTTY: true, columns: 80, write: () => undefined };
  for (const [env, expected] of [
    [{ TERM: "xterm-kitty" }, "kitty"],
    [{ TERM: "xterm-ghostty", TERM_PROGRAM: "ghostty" }, "kitty"],
    [{ TERM: "xterm-256color", KITTY_WINDOW_ID: "1" }, "kitty"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "iTerm.app" }, "iterm2"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "WezTerm" }, "iterm2"],
    [{ TERM: "xterm-256color", LC_TERMINAL: "iTerm2" }, "iterm2"],
    [{ TERM: "foot" }, "sixel"],
    [{ TERM: "foot-extra" }, "sixel"],
    [{ TERM: "mlterm-256color" }, "sixel"],
    [{ TERM: "xterm-256color", KONSOLE_VERSION: "220400" }, "sixel"],
    [{ TERM: "xterm-256color", KONSOLE_VERSION: "211203" }, undefined],
    [{ TERM: "footloose" }, undefined],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "Apple_Terminal" }, undefined],
    [{ TERM: "xterm-256color" }, undefined],
    [{}, undefined],
  ] as const) {
    t.is(pictureProtocol(terminal, env), expected, JSON.stringify(env));
    t.is(pictureProtocol({ ...terminal, isTTY: false }, env), undefined);
    for (const not of [{ NO_COLOR: "1" }, { TMUX: "/tmp/tmux" }, { STY: "1.pts" }, { TERM: "dumb" }])
      t.is(pictureProtocol(terminal, { ...env, ...not }), undefined, JSON.stringify({ ...env, ...not }));
  }
});

/** The folder of a training, as `curves` reads it. */
function trainingFolder(t: ExecutionContext): string {
  const folder = temporaryFolder(t);
  const events = [...longTraining(60, 10)].map((event) => `${JSON.stringify(event)}\n`);
  writeFileSync(join(folder, "events.jsonl"), events.join(""));
  return folder;
}

const [ESCAPE, BELL] = ["\u001b", "\u0007"];

/** The PNG that a terminal was sent, put together as it does. Throws for other sequences. */
function pictureIn(output: string, protocol: "kitty" | "iterm2"): Buffer {
  const sequences = output.split(ESCAPE).slice(1);
  if (protocol === "iterm2") {
    const [keys, base64 = ""] = sequences[0]?.split(BELL)[0]?.split(":") ?? [];
    if (keys !== `]1337;File=inline=1;width=${COLUMNS};preserveAspectRatio=1`) throw new RangeError(keys);
    return Buffer.from(base64, "base64");
  }
  const chunks = sequences.filter((_, at) => at % 2 === 0).map((text) => text.split(";"));
  for (const [at, [keys, base64 = ""]] of chunks.entries()) {
    const more = Number(at < chunks.length - 1);
    const expected = at === 0 ? `_Ga=T,f=100,q=2,c=${COLUMNS},m=${more}` : `_Gq=2,m=${more}`;
    if (keys !== expected || base64.length > 4096) throw new RangeError(`${at}: ${keys}, ${base64.length} letters`);
    if (!sequences[2 * at + 1]?.startsWith("\\")) throw new RangeError(`${at} has no end`);
  }
  return Buffer.from(chunks.map(([, base64]) => base64).join(""), "base64");
}

terminalTest(
  "preview without a file draws the batch in terminals that show pictures: the PNG that --out writes",
  async (t) => {
    const folder = temporaryFolder(t);
    const [store, run, out] = [await makeSampleStore(folder), join(folder, "run.json"), join(folder, "out.png")];
    const plan = { patchSize: [40, 56, 32], batchSize: 3, pooling: [3, 3, 3] };
    writeFileSync(run, JSON.stringify({ data: { dataset: "Task04_Hippocampus", split: { fold: "all" }, plan } }));
    const args = ["preview", "--store", store, "--run", run, "--step", "3"];
    t.is((await patchstreamHere(...args, "--out", out)).code, 0);
    const session = inTerminal(COLUMNS, args, TERMINALS.kitty);
    await session.ended;
    t.true(pictureIn(session.output(), "kitty").equals(readFileSync(out)));
    t.regex(session.output(), /page 1 of 1\r\nexit 0\r\nsettings as before/);
    const refused = await patchstreamHere(...args);
    t.is(refused.code, 2);
    t.regex(refused.stderr, /^error: give --out <file>: [^\n]+\n$/);
  },
);

terminalTest("a terminal that knows sixels is sent the picture's dots, as wide as its columns", async (t) => {
  const folder = trainingFolder(t);
  const session = inTerminal(COLUMNS, ["curves", folder], TERMINALS.sixel);
  await session.ended;
  const [introducer, sixels = ""] = session.output().split(`${ESCAPE}P0;0;q`);
  t.is(introducer, "");
  t.true(sixels.includes(`${ESCAPE}\\\r\nexit 0`));
  const shown = decode(sixels.slice(0, sixels.indexOf(ESCAPE)));
  const dots = sharp(new Uint8Array(shown.data32.buffer, shown.data32.byteOffset, shown.data32.byteLength), {
    raw: { width: shown.width, height: shown.height, channels: 4 },
  });
  t.is(shown.width, 8 * COLUMNS);
  const png = join(folder, "curves.png");
  t.is((await patchstreamHere("curves", folder, "--plot", png, "--theme", "dark")).code, 0);
  const expected = sharp(png).resize({ width: shown.width });
  const [got, want] = await Promise.all([dots, expected].map((image) => image.removeAlpha().raw().toBuffer()));
  const apart = (got as Buffer).reduce((sum, value, at) => sum + Math.abs(value - (want?.[at] as number)), 0);
  t.is(got?.length, want?.length);
  t.true(apart / (got as Buffer).length < 3, `${apart / (got as Buffer).length} of 255 apart`);
});

terminalTest("curves are a picture in such a terminal, and braille without colours", async (t) => {
  const folder = trainingFolder(t);
  const drawn = async (environment: Readonly<Record<string, string>>) => {
    const session = inTerminal(COLUMNS, ["curves", folder], environment);
    await session.ended;
    return session.output();
  };
  const png = join(folder, "curves.png");
  t.is((await patchstreamHere("curves", folder, "--plot", png, "--theme", "dark")).code, 0);
  t.true(pictureIn(await drawn(TERMINALS.iterm2), "iterm2").equals(readFileSync(png)));
  const plain = await drawn({ ...TERMINALS.iterm2, NO_COLOR: "1" });
  t.deepEqual(strangeEscapes(plain), []);
  t.regex(plain, /pseudo Dice/);
  t.regex(plain, /[\u2801-\u28ff]/u);
});
