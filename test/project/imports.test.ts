import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What a room's sources may import from other rooms; a folder's own files are always open to it. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  plan: [],
  proto: [],
  checksum: [],
  disk: ["plan"],
  rpc: ["plan", "proto", "checksum", "disk"],
  loader: ["plan", "proto", "checksum", "rpc", "disk"],
  client: ["plan", "proto", "checksum", "rpc"],
  trainer: ["plan", "proto", "checksum", "rpc", "disk", "client"],
  predict: ["plan", "disk", "loader", "trainer"],
  pictures: ["plan"],
  study: ["plan", "disk", "client", "trainer", "predict", "loader", "pictures"],
  dashboard: ["plan", "rpc", "loader", "client", "trainer", "pictures", "study"],
  cli: ["plan", "rpc", "disk", "loader", "client", "trainer", "predict", "pictures", "study", "dashboard"],
  benchmarks: ["plan", "proto", "checksum", "rpc", "loader", "client", "trainer"],
};

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith(".d.ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function imports(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] as string);
}

for (const [room, rooms] of Object.entries(mayImport)) {
  test(`${room}/ imports only itself${rooms.length > 0 ? `, ${rooms.join(", ")}` : ""} and packages`, (t) => {
    const files = sources(join(root, room));
    t.true(files.length > 0, `${room}/ has sources`);
    for (const file of files) {
      for (const name of imports(file)) {
        if (!name.startsWith(".")) continue;
        const target = relative(root, resolve(dirname(file), name)).split(sep)[0] ?? "";
        t.true(target === room || rooms.includes(target), `${relative(root, file)} imports ${name}`);
      }
    }
  });
}

test("plan/ imports no package and nothing of node", (t) => {
  for (const file of sources(join(root, "plan")))
    for (const name of imports(file)) t.true(name.startsWith("."), `${relative(root, file)} imports ${name}`);
});

test("the command line, the benchmarks and predict/ reach other rooms through their doors", (t) => {
  for (const room of ["predict", "cli", "dashboard", "benchmarks"])
    for (const file of sources(join(root, room)))
      for (const name of imports(file)) {
        if (!name.startsWith(".")) continue;
        const target = relative(root, resolve(dirname(file), name));
        if (target.split(sep)[0] === room) continue;
        t.regex(target, /^[a-z]+\/(index|browser)\.js$/, `${relative(root, file)} imports ${name}`);
      }
});

/** Packages that run in a browser. */
const IN_BROWSERS = ["nifti-reader-js", "protobufjs/minimal.js"];

test("what patchstream/browser loads needs nothing of Node.js", (t) => {
  const reached = new Set([join(root, "dist/predict/browser/index.js")]);
  for (const file of reached) {
    const code = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    t.notRegex(code, /\b(Buffer\.|process\.|require\(|__dirname)/, relative(root, file));
    for (const name of imports(file))
      if (name.startsWith(".")) reached.add(resolve(dirname(file), name));
      else t.true(IN_BROWSERS.includes(name), `${relative(root, file)} imports ${name}`);
  }
  t.true(reached.size > 20);
});

test("files of a room do not import their own door", (t) => {
  for (const room of Object.keys(mayImport))
    for (const file of sources(join(root, room)))
      for (const name of imports(file))
        if (name.startsWith("."))
          t.not(resolve(dirname(file), name), join(root, room, "index.js"), `${relative(root, file)} imports ${name}`);
});
