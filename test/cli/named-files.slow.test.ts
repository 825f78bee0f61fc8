import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { USUAL_HINTS } from "../../plan/errors.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { patchstream } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "patchstream-named-"));
const at = (name: string) => join(folder, name);
const certificate = (name: string) =>
  fileURLToPath(new URL(`../../../test/conformance/certificates/${name}`, import.meta.url));
const RAW = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));
const SPEC = { data: { dataset: "Task04_Hippocampus", split: { fold: "all" }, augmentation: "none" } };
const NETWORK = ["--patch-size", "40,56,40", "--batch-size", "2", "--pooling", "3,3,3"];

let store = "";

test.before(async () => {
  store = await makeSampleStore(folder);
  mkdirSync(at("folder"));
  mkdirSync(at("folder.svg"));
  writeFileSync(at("empty"), "");
  writeFileSync(at("text"), "first line\nsecond line\n");
  writeFileSync(at("run.json"), JSON.stringify(SPEC));
  symlinkSync(at("circle"), at("circle"));
});

test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** Every option and argument that names a file to read; what it must be. */
const filesRead: Readonly<Record<string, { readonly args: (file: string) => string[]; readonly want: RegExp }>> = {
  "get --run": { args: (file) => ["get", "--store", store, "--step", "0", "--run", file], want: /run spec/ },
  "preview --run": {
    args: (file) => ["preview", "--store", store, "--step", "0", "--out", at("out.png"), "--run", file],
    want: /run spec/,
  },
  "stats --run": { args: (file) => ["stats", "--store", store, "--run", file], want: /run spec/ },
  "doctor --run": { args: (file) => ["doctor", "--data", "127.0.0.1:1", "--run", file], want: /run spec/ },
  "train --run": {
    args: (file) => ["train", "--trainer", "127.0.0.1:1", "--data", "127.0.0.1:1", "--run", file],
    want: /run spec/,
  },
  "plan --plans": { args: (file) => ["plan", "--plans", file], want: /plans\.json/ },
  "ingest --plans": { args: (file) => ["ingest", RAW, at("made"), "--plans", file], want: /plans\.json/ },
  "serve --token-file": { args: (file) => ["serve", store, "--token-file", file], want: /a token on each line/ },
  "serve --tls-cert": {
    args: (file) => ["serve", store, "--tls-cert", file, "--tls-key", certificate("server.key")],
    want: /PEM certificate \(--tls-cert\)/,
  },
  "serve --tls-key": {
    args: (file) => ["serve", store, "--tls-cert", certificate("server.pem"), "--tls-key", file],
    want: /PEM key .*\(--tls-key\)/,
  },
  "serve --tls-ca": {
    args: (file) => [
      ...["serve", store, "--tls-cert", certificate("server.pem"), "--tls-key", certificate("server.key")],
      ...["--tls-ca", file],
    ],
    want: /PEM certificate \(--tls-ca\)/,
  },
  "trainings --token-file": {
    args: (file) => ["trainings", "--trainer", "127.0.0.1:1", "--token-file", file],
    want: /a token \(--token-file\)/,
  },
  "trainings --tls-ca": {
    args: (file) => ["trainings", "--trainer", "127.0.0.1:1", "--tls-ca", file],
    want: /PEM certificate \(--tls-ca\)/,
  },
  "stage --tls-key": {
    args: (file) => [
      ...["stage", "one", "--advance", "--trainer", "127.0.0.1:1"],
      ...["--tls-cert", certificate("client.pem"), "--tls-key", file],
    ],
    want: /PEM key .*\(--tls-key\)/,
  },
  "trainer --data-tls-ca": {
    args: (file) => ["trainer", "--runs", at("runs"), "--data-tls-ca", file],
    want: /PEM certificate \(--data-tls-ca\)/,
  },
};

/** What may lie there instead, and how it is called. */
const faults: Readonly<Record<string, string>> = {
  nothing: "there is no such file",
  "text/below": "there is no such file: a part of its path is a file, not a folder",
  folder: "it is a folder",
  empty: "it is empty",
  circle: "its symbolic links lead in a circle",
};

const [missing, ...others] = Object.entries(faults) as [[string, string], ...[string, string][]];

for (const [index, [option, { args, want }]] of Object.entries(filesRead).entries()) {
  const other = others[index % others.length] as [string, string]; // each option some, all options all
  test(`${option}: a file that is missing, or ${other[0]}, is one line that says so and what is right`, async (t) => {
    for (const [name, reason] of [missing, other]) {
      const { code, stdout, stderr } = await patchstream(...args(at(name)));
      t.is(code, 1, stderr);
      t.is(stdout, "");
      t.true(stderr.startsWith(`patchstream: ${at(name)}: ${reason}; it must be `), stderr);
      t.regex(stderr, want);
      t.is(stderr.split(at(name)).length, 2, "the file is named once");
      t.is(stderr.trimEnd().split("\n").length, 1, stderr);
    }
  });
}

test("a file that is no JSON is one line, whatever stands in it", async (t) => {
  const { code, stderr } = await patchstream("get", "--store", store, "--step", "0", "--run", at("text"));
  t.is(code, 1);
  t.regex(
    stderr,
    /^patchstream: .*text: it cannot be read as JSON \([^\n]*\); it must be a run spec in JSON [^\n]*\n$/,
  );
});

test("a misspelt name is answered with the one that is near, where there is one", async (t) => {
  const near = async (...args: string[]) => (await patchstream(...args)).stderr.trimEnd();
  t.true((await near("stats", "--store", store, "--run", at("rum.json"))).endsWith(` Did you mean ${at("run.json")}?`));
  t.true((await near("inspect", `${store}s`)).endsWith(`: there is no such folder. Did you mean ${store}?`));
  t.true((await near("ingest", RAW.slice(0, -1), at("made"))).endsWith(` Did you mean ${RAW}?`));
  t.notRegex(await near("stats", "--store", store, "--run", at("something-else.json")), /Did you mean/);
});

test("a raw data set that is not there, or is no folder, is one line of what and where", async (t) => {
  for (const [name, want] of [
    ["nothing", `${at("nothing")}: there is no such folder; it must be a raw data set, a folder with dataset.json`],
    ["text", `${at("text")}: it is a file; it must be a raw data set, a folder with dataset.json`],
    [
      "folder",
      `${join(at("folder"), "dataset.json")}: there is no such file; it must be the dataset.json of nnU-Net or MSD`,
    ],
  ] as const)
    t.deepEqual(await patchstream("ingest", at(name), at("made")), {
      code: 1,
      stdout: "",
      stderr: `patchstream: ${want}\n`,
    });
});

for (const [command, args] of Object.entries({
  inspect: (path: string) => ["inspect", path],
  serve: (path: string) => ["serve", path],
  "get --store": (path: string) => ["get", "--run", at("run.json"), "--step", "0", "--store", path],
  "stats --store": (path: string) => ["stats", "--run", at("run.json"), "--store", path],
}))
  test(`${command}: what is no store is called what it is, with what to do`, async (t) => {
    for (const [path, want] of [
      [at("nothing"), `there is no such folder. Make one with "patchstream ingest RAW ${at("nothing")}".`],
      [
        join(at("text"), "below"),
        `there is no such folder. Make one with "patchstream ingest RAW ${at("text")}/below".`,
      ],
      [at("text"), "it is a file; a store is a folder. Name a folder made by ingest."],
      [at("folder"), `there is no finished store here. Make one with "patchstream ingest RAW ${at("folder")}".`],
      [
        RAW,
        `there is no finished store here. It is a raw data set: make a store of it with "patchstream ingest ${RAW} STORE".`,
      ],
      [folder, `there is no finished store here. Did you mean ${store}?`],
    ] as const)
      t.deepEqual(await patchstream(...args(path)), { code: 1, stdout: "", stderr: `patchstream: ${path}: ${want}\n` });
  });

test("a place that cannot be written to is one line without the system's words", async (t) => {
  const get = ["get", "--store", store, "--run", at("run.json"), "--step", "249999", "--out"];
  for (const [args, want] of [
    [[...get, at("text")], `${join(at("text"), "image.npy")} was not written: ${at("text")} is a file, not a folder`],
    [["plan", ...NETWORK, "--plot", at("folder.svg")], `${at("folder.svg")} was not written: a folder has this name`],
    [
      ["plan", ...NETWORK, "--plot", join(at("text"), "a.svg")],
      `${join(at("text"), "a.svg")} was not written: ${at("text")} is a file, not a folder`,
    ],
    [["trainer", "--runs", at("text")], `${at("text")} was not written: it is a file, not a folder`],
    [["ingest", RAW, at("text")], `${at("text")} was not written: it is a file, not a folder`],
    [["demo", "--dir", at("text")], `${at("text")} was not written: it is a file, not a folder`],
    [
      ["demo", "--compare", "--svg", join(at("text"), "a.svg")],
      `${at("text")} was not written: it is a file, not a folder`,
    ],
  ] as const) {
    const { code, stderr } = await patchstream(...args);
    t.is(code, 1);
    t.is(stderr, `patchstream: ${want}. ${USUAL_HINTS.WRITE_FAILED}\n`);
  }
});

test("a run spec without data is told what the least is", async (t) => {
  for (const [spec, want] of [
    [{}, /^patchstream: data is missing; it must be an object\. The least is \{ "data": \{ "dataset": NAME \} \}/],
    [SPEC.data, /^patchstream: dataset is .*; it must be left out: .* The least is \{ "data":/],
  ] as const) {
    writeFileSync(at("without.json"), JSON.stringify(spec));
    const { code, stderr } = await patchstream("stats", "--store", store, "--run", at("without.json"));
    t.is(code, 1);
    t.regex(stderr, want);
  }
});

test("a key that does not belong to its certificate is one line with both files, of a server and of a client", async (t) => {
  const [cert, key] = [certificate("server.pem"), certificate("stranger.key")];
  const want = `patchstream: ${key}: it does not belong to the certificate ${cert}; it must be the key of that certificate\n`;
  for (const args of [
    ["serve", store],
    ["trainings", "--trainer", "127.0.0.1:1"],
  ])
    t.deepEqual(await patchstream(...args, "--tls-cert", cert, "--tls-key", key), {
      code: 1,
      stdout: "",
      stderr: want,
    });
});
