// Lists the licences of what comes with `npm install patchstream`, from the lockfile, and refuses any that is not permissive.
// Usage: node .ci/licences.mjs [package-lock.json]
import { readFileSync } from "node:fs";

const PERMISSIVE = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BSL-1.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "Unlicense",
  "Zlib",
]);

/** What is accepted beside them, by package. */
const ACCEPTED = [
  {
    packages: /^@img\/sharp-(libvips-|wasm32$|win32-)/,
    licences: ["LGPL-3.0-or-later"],
    why: "libvips, a library of its own that sharp loads and that can be exchanged; only previews use it, and the wheel goes without",
  },
];

/** Whether an SPDX expression (names, AND, OR, brackets) holds where `isAccepted` says which names do. AND binds tighter. */
function holds(expression, isAccepted) {
  const words = expression.match(/[()]|[^\s()]+/g) ?? [];
  let isWhole = true;
  const one = () => {
    const word = words.shift();
    if (word === undefined || /^(\)|AND|OR)$/.test(word)) isWhole = false;
    if (word !== "(") return isWhole && isAccepted(word);
    const inside = any();
    if (words.shift() !== ")") isWhole = false;
    return inside;
  };
  const all = () => {
    let result = one();
    while (words[0] === "AND") {
      words.shift();
      const next = one();
      result = result && next;
    }
    return result;
  };
  const any = () => {
    let result = all();
    while (words[0] === "OR") {
      words.shift();
      const next = all();
      result = result || next;
    }
    return result;
  };
  const result = any();
  return result && isWhole && words.length === 0;
}

const lockfile = process.argv[2] ?? new URL("../package-lock.json", import.meta.url);
const { packages } = JSON.parse(readFileSync(lockfile, "utf8"));
const shipped = Object.entries(packages).flatMap(([path, { license, version, dev, devOptional, peer }]) =>
  path === "" || dev || devOptional || peer
    ? []
    : [{ name: path.replace(/^.*node_modules\//, ""), version, licence: license ?? "none named" }],
);

const byLicence = new Map();
for (const { name, version, licence } of shipped)
  byLicence.set(licence, [...(byLicence.get(licence) ?? []), `${name}@${version}`]);
for (const [licence, names] of [...byLicence].sort())
  console.log(`${licence} (${names.length}): ${names.sort().join(" ")}`);

const refused = shipped.filter(({ name, licence }) => {
  const accepted = ACCEPTED.filter(({ packages }) => packages.test(name)).flatMap(({ licences }) => licences);
  return !holds(licence, (word) => PERMISSIVE.has(word) || accepted.includes(word));
});
for (const { name, version, licence } of refused)
  console.error(`${name}@${version} is under ${licence}, which is not among the licences that may be shipped`);
console.log(`${shipped.length} packages, ${refused.length} refused`);
for (const { packages, licences, why } of ACCEPTED)
  console.log(`accepted for ${packages.source}: ${licences.join(", ")} (${why})`);
process.exitCode = refused.length === 0 ? 0 : 1;
