import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));

test("what is bundled into the page is under permissive licences, whose words come with it", (t) => {
  const text = readFileSync(join(root, "dist/dashboard/page/LICENSES.txt"), "utf8");
  const named = [...text.matchAll(/^(\S+)@(\S+) is under (.+)$/gm)];
  for (const name of ["preact", "uplot", "@niivue/niivue"])
    t.true(
      named.some(([, found]) => found === name),
      name,
    );
  const folder = mkdtempSync(join(tmpdir(), "patchstream-licences-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const packages = named.map(([, name, version, license]) => [`node_modules/${name}`, { version, license }]);
  writeFileSync(join(folder, "lock.json"), JSON.stringify({ packages: { "": {}, ...Object.fromEntries(packages) } }));
  const told = execFileSync(process.execPath, [join(root, ".ci/licences.mjs"), join(folder, "lock.json")], {
    encoding: "utf8",
  });
  t.regex(told, new RegExp(`^${named.length} packages, 0 refused$`, "m"));
  for (const part of text.split("-".repeat(80))) t.regex(part, /copyright|permission/i);
});
