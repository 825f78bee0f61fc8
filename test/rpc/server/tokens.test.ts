import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Metadata } from "@grpc/grpc-js";
import test from "ava";
import type { PatchstreamError } from "../../../plan/errors.js";
import { type AcceptedToken, readTokenFile } from "../../../rpc/server/token-file.js";
import { AcceptedTokens } from "../../../rpc/server/tokens.js";

const folder = mkdtempSync(join(tmpdir(), "patchstream-tokens-"));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function carrying(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

test("a token file has a token a line, with a name and scopes, with scopes, or with neither", (t) => {
  const tokens = readTokenFile(file("many", "bare\n\ndata one\n  train,watch two  \nnode-7@site data,train both\r\n"));
  t.deepEqual(tokens, [
    { token: "bare", name: "line 1" },
    { token: "one", scopes: ["data"], name: "line 3" },
    { token: "two", scopes: ["train", "watch"], name: "line 4" },
    { token: "both", scopes: ["data", "train"], name: "node-7@site" },
  ]);
});

test("a token file without a token, or with a line that is none, is refused by file and line, and its text is not told", (t) => {
  for (const text of ["", "\n  \n"]) {
    const error = t.throws<PatchstreamError>(() => readTokenFile(file("empty", text)));
    t.like(error?.facts, { code: "INPUT_DAMAGED", file: join(folder, "empty") });
  }
  for (const line of [
    "dta secret",
    "data,everything secret",
    "data secret more",
    "one two three",
    "a/b data secret",
    "a b data secret",
  ]) {
    const error = t.throws<PatchstreamError>(() => readTokenFile(file("odd", `good\n${line}`)));
    t.is(error?.code, "SPEC_INVALID");
    t.regex(error?.message ?? "", /odd, line 2/);
    t.notRegex(error?.message ?? "", /secret|three/);
  }
  t.is(t.throws<PatchstreamError>(() => readTokenFile(join(folder, "none")))?.code, "INPUT_DAMAGED");
});

const ACCEPTED: readonly AcceptedToken[] = [
  { token: "bare" },
  { token: "for-data", scopes: ["data"] },
  { token: "for-both", scopes: ["train", "data"] },
  { token: "for-train", scopes: ["train"] },
  { token: "for-watch", scopes: ["watch"], name: "the screen" },
];

test("each token opens the methods of its scopes and no other, and nothing else opens any", (t) => {
  const services = {
    DataService: new AcceptedTokens("DataService", ACCEPTED),
    TrainerService: new AcceptedTokens("TrainerService", ACCEPTED),
  };
  const opens = (service: keyof typeof services, method: string, token: string) => {
    try {
      services[service].check(carrying(token), method);
      return true;
    } catch (error) {
      t.is((error as PatchstreamError).code, "UNAUTHENTICATED");
      return false;
    }
  };
  for (const [token, data, train, watch] of [
    ["bare", true, true, true],
    ["for-data", true, false, false],
    ["for-both", true, true, true],
    ["for-train", false, true, true],
    ["for-watch", false, false, true],
    ["for-dat", false, false, false],
    ["for-data ", false, false, false],
    ["", false, false, false],
  ] as const) {
    for (const method of ["stream", "getBatch", "readCase"]) t.is(opens("DataService", method, token), data, token);
    for (const method of ["startTraining", "setStage", "stopTraining", "getCheckpoint", "predict"])
      t.is(opens("TrainerService", method, token), train, `${token}: ${method}`);
    for (const method of ["watchTraining", "describeTraining", "listTrainings", "describeModel"])
      t.is(opens("TrainerService", method, token), watch, `${token}: ${method}`);
    t.false(opens("TrainerService", "methodOfTomorrow", token));
  }
  t.throws(() => services.DataService.check(new Metadata(), "stream"));
  t.is(services.TrainerService.check(carrying("for-watch"), "listTrainings").token, "the screen");
});

test("who holds a token that is replaced is told; who holds one that stays is not", (t) => {
  const tokens = new AcceptedTokens("DataService", ACCEPTED);
  const holds = (token: string) => tokens.check(carrying(token), "stream").revoked;
  const [gone, stays, narrowed] = [holds("bare"), holds("for-data"), holds("for-both")];
  const revoked = tokens.replace([
    { token: "for-data", scopes: ["data"], name: "renamed" },
    { token: "for-both", scopes: ["train"] },
    { token: "new" },
  ]);
  t.is(revoked, 4);
  t.true(gone.aborted);
  t.false(stays.aborted);
  t.true(narrowed.aborted);
  t.is(tokens.check(carrying("for-data"), "stream").token, "renamed");
  t.false(holds("new").aborted);
  t.throws(() => holds("bare"));
});
