import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { text } from "node:stream/consumers";
import test from "ava";
import { MAIN, patchstreamHere } from "./command.js";

/** Runs `patchstream ARGS` where nothing can be written to stdout; its exit code and what it wrote to stderr. */
async function endedOnFullDisk(args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", openSync("/dev/full", "w"), "pipe"] });
  const [stderr, [code]] = await Promise.all([text(child.stderr as NodeJS.ReadableStream), once(child, "exit")]);
  return { code: code as number, stderr };
}

for (const [args, want] of [
  [["serve", "store", "--port", "65536"], /--port <port>.*65536.*a port, 0 to 65535/],
  [["serve", "store", "--port", "-1"], /--port <port>.*-1.*a port, 0 to 65535/],
  [["serve", "store", "--host", ""], /--host <host>.*a host name or an address/],
  [["trainer", "--metrics-port", "123456"], /--metrics-port <port>.*123456.*a port, 0 to 65535/],
  [["trainer", "--metrics-port", "0", "--metrics-host", " "], /--metrics-host <host>.*a host name or an address/],
  [["trainer", "--metrics-host", "::1"], /--metrics-host needs --metrics-port/],
  [["trainer", "--data-servers", "one:70000"], /--data-servers.*one:70000.*host:port.*1 to 65535/],
  [["train", "--data", "one:-1"], /--data.*one:-1.*host:port.*1 to 65535/],
  [["train", "--data", ":7070"], /--data.*:7070.*host:port/],
  [["train", "--data", ""], /--data.*host:port/],
  [["train", "--data", "localhost"], /--data.*localhost.*host:port/],
] as const)
  test(`patchstream ${args.join(" ")}: one line names the flag, what it got and what would be right`, async (t) => {
    const { code, stderr } = await patchstreamHere(...args);
    t.is(code, 2);
    t.regex(stderr, want);
    t.is(stderr.trimEnd().split("\n").length, 1, stderr);
  });

for (const args of [
  ["plan", "--paper"],
  ["plan", "--help"],
])
  test(`patchstream ${args.join(" ")} > /dev/full is one line and exit code 1`, async (t) => {
    const { code, stderr } = await endedOnFullDisk(args);
    t.is(code, 1);
    t.regex(stderr, /^patchstream: standard output was not written: the disk is full\. Make room, [^\n]+\n$/);
  });
