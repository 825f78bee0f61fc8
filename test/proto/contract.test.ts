import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { PROTO_FOLDER } from "../../proto/proto-files.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const DATA = "patchstream/v1/data.proto";

/** What buf's breaking-change check, as `npm run lint` does it, says of data.proto after `change`; empty where it passes. */
async function breaking(t: ExecutionContext, change: (proto: string) => string): Promise<string> {
  const folder = temporaryFolder(t);
  cpSync(join(ROOT, "buf.yaml"), join(folder, "buf.yaml"));
  cpSync(PROTO_FOLDER, join(folder, "proto"), { recursive: true });
  const file = join(folder, "proto", DATA);
  const before = readFileSync(file, "utf8");
  const after = change(before);
  writeFileSync(file, after);
  const buf = join(ROOT, "node_modules", ".bin", "buf");
  return new Promise((resolve, reject) => {
    execFile(buf, ["breaking", "--against", "proto/contract.binpb"], { cwd: folder }, (error, out, complaint) => {
      if (error && error.code !== 100) reject(new Error(complaint, { cause: error }));
      else resolve(out);
    });
  });
}

test("the .proto files keep to the agreed contract", async (t) => {
  t.is(await breaking(t, (proto) => proto), "");
});

test("new methods, messages and fields keep to it too", async (t) => {
  const added = await breaking(t, (proto) =>
    proto
      .replace("  rpc Preview(", "  rpc Added(AddedRequest) returns (AddedResponse);\n  rpc Preview(")
      .replace("message Stop {}", "message Stop {}\nmessage AddedRequest {}\nmessage AddedResponse {}")
      .replace("message Want {", "message Want {\n  bool added = 99;"),
  );
  t.is(added, "");
});

const breaks: Readonly<Record<string, readonly [from: RegExp, to: string]>> = {
  "another number of a field": [/(message Want \{[^}]*uint32 first_step = )1;/, "$17;"],
  "another type of a field": [/(message Want \{[^}]*)uint32 count = /, "$1uint64 count = "],
  "another name of a field": [/(message Want \{[^}]*uint32 )count = /, "$1steps = "],
  "a field that is gone": [/(message Chunk \{[^}]*?)bytes data = 3;/, "$1"],
  "a method that is gone": [/ {2}rpc Preview\([^;]*;/, ""],
  "another value of an enum": [/TIMELINE_VAL = 2;/, "TIMELINE_VAL = 3;"],
};

for (const [name, [from, to]] of Object.entries(breaks))
  test(`${name} breaks the contract, and the check says where`, async (t) => {
    const said = await breaking(t, (proto) => {
      t.regex(proto, from);
      return proto.replace(from, to);
    });
    t.regex(said, new RegExp(`${DATA}:\\d+:\\d+:`));
  });
