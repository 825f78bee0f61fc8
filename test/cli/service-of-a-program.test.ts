import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "ava";
import { sampleStore } from "../conformance/served-store.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { MAIN, patchstreamHere } from "./command.js";

for (const service of ["serve", "trainer"])
  test(`a ${service} that a program started ends in order when the program's pipe closes`, async (t) => {
    const folder = temporaryFolder(t);
    const what = service === "serve" ? [await sampleStore()] : ["--runs", folder];
    const args = [MAIN, service, ...what, "--port", "0", "--json", "--log-level", "silent", "--until-stdin-closes"];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(child, "close");
    t.teardown(async () => {
      child.kill("SIGKILL");
      await ended;
    });
    const [line] = await once(createInterface(child.stdout), "line");
    t.regex(JSON.parse(line).address, /^127\.0\.0\.1:\d+$/);
    child.stdin.end();
    t.deepEqual(await ended, [0, null]);
  });

test("with --json a service that cannot begin tells the facts, beside the line for people", async (t) => {
  const store = join(temporaryFolder(t), "nowhere");
  const { code, stdout, stderr } = await patchstreamHere("serve", store, "--json");
  t.is(code, 1);
  t.like(JSON.parse(stdout).error, { code: "STORE_DAMAGED", store, reason: "there is no such folder" });
  t.regex(stderr, /^patchstream: .*nowhere: there is no such folder\. Make one with/);
});
