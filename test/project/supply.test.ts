import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-supply-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The licences of a lockfile with these packages: exit code and what is printed. */
function licences(t: ExecutionContext, packages: object): { readonly code: number; readonly text: string } {
  const lockfile = join(folderOf(t), "package-lock.json");
  writeFileSync(lockfile, JSON.stringify({ packages: { "": {}, ...packages } }));
  try {
    return { code: 0, text: execFileSync(process.execPath, [join(root, ".ci/licences.mjs"), lockfile], PIPED) };
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string };
    return { code: status, text: stderr };
  }
}

const PIPED = { encoding: "utf8", stdio: "pipe" } as const;

test("what is shipped is under permissive licences, and what is not is refused by name", (t) => {
  const text = execFileSync(process.execPath, [join(root, ".ci/licences.mjs")], PIPED);
  t.regex(text, /, 0 refused/);
  const named = (licences: readonly (string | undefined)[]) =>
    Object.fromEntries(licences.map((license, at) => [`node_modules/@some/${at}`, { version: "1.2.3", license }]));
  const good = ["MIT", "Apache-2.0 AND BSL-1.0", "GPL-3.0-only OR MIT", "(MIT OR GPL-2.0) AND ISC"];
  const others = {
    "node_modules/used-here": { version: "1", license: "GPL-3.0-only", dev: true },
    "node_modules/@img/sharp-libvips-linux-x64": { version: "1", license: "LGPL-3.0-or-later" },
  };
  t.is(licences(t, { ...named(good), ...others }).code, 0);
  const bad = [
    "GPL-3.0-only",
    "MIT AND LGPL-3.0-or-later",
    "MIT OR",
    "MIT AND",
    "(MIT",
    "MIT ISC",
    "",
    "SEE LICENSE IN X",
    undefined,
  ];
  const { code, text: told } = licences(t, named(bad));
  t.is(code, 1);
  const refused = told.trimEnd().split("\n");
  t.is(refused.length, bad.length);
  for (const [at, line] of refused.entries()) t.true(line.startsWith(`@some/${at}@1.2.3 is under `), line);
});

test("the package has the same bytes when it is packed again, whenever its files were written", (t) => {
  const [ours, out] = [folderOf(t), folderOf(t)];
  cpSync(join(root, "package.json"), join(ours, "package.json"));
  cpSync(join(root, "dist/cli"), join(ours, "dist/cli"), { recursive: true }); // some of its files, since all take long
  const packed = (name: string) => {
    const into = mkdtempSync(join(out, name));
    execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", into], { cwd: ours, ...PIPED });
    const [tarball = ""] = readdirSync(into);
    return createHash("sha256")
      .update(readFileSync(join(into, tarball)))
      .digest("hex");
  };
  const first = packed("first");
  utimesSync(join(ours, "dist/cli/main.js"), new Date(), new Date(2001, 1, 1));
  t.is(packed("second"), first);
});

test("the first npx patchstream in a clone starts what is built, and builds nothing", (t) => {
  const [clone, cache] = [folderOf(t), folderOf(t)];
  cpSync(join(root, "package.json"), join(clone, "package.json"));
  for (const name of ["dist", "node_modules"]) symlinkSync(join(root, name), join(clone, name)); // a build would take away the link alone
  const env = { ...process.env, npm_config_cache: cache };
  const version = execFileSync("npx", ["patchstream", "--version"], { cwd: clone, env, ...PIPED });
  t.is(version.trim(), JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
  t.true(lstatSync(join(clone, "dist")).isSymbolicLink());
});

test("the workflow of the docs site publishes in a job that builds nothing", (t) => {
  const text = readFileSync(join(root, ".github/workflows/docs.yml"), "utf8");
  t.notRegex(text, /secrets\.|_TOKEN:/);
  t.regex(text, /^permissions: \{\}$/m);
  const [build = "", publish = ""] = text.split(/^ {2}publish:$/m);
  t.notRegex(build, /: write/);
  t.regex(publish, /pages: write/);
  t.notRegex(publish, /actions\/checkout|run:/);
});

test("the release workflow has no secret and gives each job only what it needs", (t) => {
  const text = readFileSync(join(root, ".github/workflows/release.yml"), "utf8");
  t.notRegex(text, /secrets\.|_TOKEN:(?! \$\{\{ github\.token \}\})|password|api[-_]?token/i);
  t.regex(text, /^permissions: \{\}$/m);
  const [, jobs = ""] = text.split(/^jobs:\n/m);
  const [, build = "", ...others] = jobs.split(/^ {2}(?=\w+:$)/m);
  t.regex(build, /^build:/);
  t.notRegex(build, /id-token|: write/);
  t.is(others.filter((job) => /id-token: write/.test(job)).length, 3);
  for (const job of others) t.notRegex(job, /actions\/checkout|npm (ci|install|run)|pip /, job.split(":")[0]);
});
