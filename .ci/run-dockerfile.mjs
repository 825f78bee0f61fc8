/**
 * `node .ci/run-dockerfile.mjs ROOT OUT`: runs the steps of deploy/docker/Dockerfile without Docker. Each stage is a folder in OUT, without
 * what its base image brings (of node's: the binary of this Node.js); RUN runs on this machine in the stage's working folder, so its
 * paths must be relative. The last stage is OUT/final, and OUT/image.json says how it is started. It knows the instructions that the
 * file has, and ends at any other.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const [root, out] = process.argv.slice(2).map((path) => resolve(path));
const file = join(root, "deploy/docker/Dockerfile");

/** Instructions, each in one line. */
const lines = readFileSync(file, "utf8")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll(/\\\n/g, " ")
  .split("\n")
  .map((line) => line.trim())
  .filter((line) => line !== "");

/** What the context leaves out: patterns of .dockerignore, of which the file has names, a star within a name, and two before it. */
const ignored = readFileSync(`${file}.dockerignore`, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((pattern) => {
    const anywhere = pattern.startsWith("**/");
    const name = pattern.replace("**/", "").replaceAll(/[.+]/g, "\\$&").replaceAll("*", "[^/]*");
    return new RegExp(`^${anywhere ? "(?:.*/)?" : ""}${name}(?:/|$)`);
  });

const context = execFileSync("git", ["-C", root, "ls-files", "-z"], { encoding: "utf8" })
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)) && !ignored.some((pattern) => pattern.test(path)));

const image = { env: {}, user: "", entrypoint: [], cmd: [], healthcheck: [] };
let stage = "";
let workdir = "/";

/** `path` in a stage: absolute ones from its root, others from the working folder. */
const inStage = (path, of = stage) => join(out, of, resolve("/", workdir, path));

const instructions = {
  FROM(rest) {
    const [, base = "", name = "final"] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
    [stage, workdir] = [name, "/"];
    mkdirSync(join(out, stage, "usr/local/bin"), { recursive: true });
    if (base.startsWith("node:")) copyFileSync(process.execPath, inStage("/usr/local/bin/node"));
  },
  WORKDIR(rest) {
    workdir = resolve(workdir, rest);
    mkdirSync(inStage("."), { recursive: true });
  },
  COPY(rest) {
    const words = rest.split(/\s+/);
    const from = /^--from=(.*)$/.exec(words[0] ?? "")?.[1];
    const target = words.at(-1) ?? "";
    const sources = words.slice(from === undefined ? 0 : 1, -1);
    for (const source of sources) {
      if (from !== undefined) copyInto(join(out, from, source), inStage(target), target.endsWith("/"));
      else if (source === ".")
        for (const path of context) copyInto(join(root, path), join(inStage(target), path), false);
      else copyInto(join(root, source), inStage(target), target.endsWith("/"));
    }
  },
  RUN(rest) {
    execFileSync("bash", ["-euc", rest], { cwd: inStage("."), stdio: ["ignore", 2, 2] });
  },
  ENV(rest) {
    for (const [, name, value] of rest.matchAll(/(\w+)=("[^"]*"|\S+)/g)) image.env[name] = value.replaceAll('"', "");
  },
  USER(rest) {
    image.user = rest;
  },
  HEALTHCHECK(rest) {
    image.healthcheck = JSON.parse(rest.replace(/^.*?\sCMD /, ""));
  },
  ENTRYPOINT(rest) {
    image.entrypoint = JSON.parse(rest);
  },
  CMD(rest) {
    image.cmd = JSON.parse(rest);
  },
  LABEL() {},
  EXPOSE() {},
};

/** A file to a file or into a folder; what a folder holds into a folder. */
function copyInto(source, target, intoFolder) {
  const to = intoFolder && !statSync(source).isDirectory() ? join(target, source.split("/").at(-1)) : target;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(source, to, { recursive: true, verbatimSymlinks: true });
}

for (const line of lines) {
  const [, name = "", rest = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
  const run = instructions[name];
  if (run === undefined) throw new Error(`${file}: no way to run ${JSON.stringify(line)} without Docker`);
  process.stdout.write(`${stage}: ${line.replaceAll(/\s+/g, " ").slice(0, 110)}\n`);
  run(rest);
}
writeFileSync(join(out, "image.json"), JSON.stringify(image));
