import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Metadata } from "@grpc/grpc-js";
import test from "ava";
import type { PatchstreamError } from "../../../plan/errors.js";
import { type AcceptedToken, readTokenFile, tokenCheck } from "../../../rpc/server/tokens.js";

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

test("a token file has a token a line, each with scopes or with those of the server it is given to", (t) => {
  const tokens = readTokenFile(file("many", "bare\n\ndata one\n  train two  \ndata,train both\r\n"));
  t.deepEqual(tokens, [
    { token: "bare" },
    { token: "one", scopes: ["data"] },
    { token: "two", scopes: ["train"] },
    { token: "both", scopes: ["data", "train"] },
  ]);
});

test("a token file without a token, or with a line that is none, is refused by file and line, and its text is not told", (t) => {
  for (const text of ["", "\n  \n"]) {
    const error = t.throws<PatchstreamError>(() => readTokenFile(file("empty", text)));
    t.like(error?.facts, { code: "INPUT_DAMAGED", file: join(folder, "empty") });
  }
  for (const line of ["dta secret", "data,everything secret", "data secret more", "one two three"]) {
    const error = t.throws<PatchstreamError>(() => readTokenFile(file("odd", `good\n${line}`)));
    t.is(error?.code, "SPEC_INVALID");
    t.regex(error?.message ?? "", /odd, line 2/);
    t.notRegex(error?.message ?? "", /secret|three/);
  }
  t.is(t.throws<PatchstreamError>(() => readTokenFile(join(folder, "none")))?.code, "INPUT_DAMAGED");
});

test("each token opens the services of its scopes and no other, and nothing else opens any", (t) => {
  const accepted: AcceptedToken[] = [
    { token: "bare" },
    { token: "for-data", scopes: ["data"] },
    { token: "for-both", scopes: ["train", "data"] },
    { token: "for-train", scopes: ["train"] },
  ];
  const opens = (service: "DataService" | "TrainerService", token: string) => {
    try {
      tokenCheck(accepted, service)(carrying(token));
      return true;
    } catch (error) {
      t.is((error as PatchstreamError).code, "UNAUTHENTICATED");
      return false;
    }
  };
  for (const [token, data, train] of [
    ["bare", true, true],
    ["for-data", true, false],
    ["for-both", true, true],
    ["for-train", false, true],
    ["for-dat", false, false],
    ["for-data ", false, false],
    ["", false, false],
  ] as const) {
    t.is(opens("DataService", token), data, token);
    t.is(opens("TrainerService", token), train, token);
  }
  t.throws(() => tokenCheck("secret", "DataService")(new Metadata()));
  t.notThrows(() => tokenCheck("secret", "DataService")(carrying("secret")));
});
