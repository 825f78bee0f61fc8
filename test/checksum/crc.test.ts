import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import fc from "fast-check";
import { crc32, crc32c, native, portable } from "../../checksum/crc.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";

const implementations = Object.entries({ portable, native }).flatMap(([name, crcs]) => (crcs ? [{ name, crcs }] : []));

test("the native CRCs are installed where the tests run, and are the ones in use", (t) => {
  if (native === undefined) return t.fail("not installed");
  t.is(crc32, native.crc32);
  t.is(crc32c, native.crc32c);
});

for (const { name, crcs } of implementations) {
  test(`${name}: the check values of the CRC catalogue and RFC 3720's, wherever the bytes begin`, (t) => {
    const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
    t.is(crcs.crc32c(new Uint8Array(32)), 0x8a9136aa);
    t.is(crcs.crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
    t.is(crcs.crc32c(ascending), 0x46dd794e);
    t.is(crcs.crc32c(ascending.toReversed()), 0x113fdb5c);
    for (let shift = 0; shift < 9; shift++) {
      const shifted = new Uint8Array(shift + 9 + 3);
      shifted.set(new TextEncoder().encode("123456789"), shift);
      t.is(crcs.crc32(shifted.subarray(shift, shift + 9)), 0xcbf43926);
      t.is(crcs.crc32c(shifted.subarray(shift, shift + 9)), 0xe3069283);
    }
    t.is(crcs.crc32(new Uint8Array()), 0);
    t.is(crcs.crc32c(new Uint8Array()), 0);
    t.is(crcs.crc32(new Uint8Array(), 0xfedcba98), 0xfedcba98);
  });
}

test("native and portable CRCs are the same, over any memory, in any pieces", (t) => {
  t.is(implementations.length, 2);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const memories = [new ArrayBuffer(65536), new SharedArrayBuffer(65536), memory.buffer];
  const drawn = fc.record({
    content: fc.uint8Array({ maxLength: 5000, size: "max" }),
    offset: fc.nat(64),
    cuts: fc.array(fc.nat(5000), { maxLength: 5 }),
    previous: fc.nat(0xffffffff),
  });
  fc.assert(
    fc.property(drawn, ({ content, offset, cuts, previous }) => {
      const expected = portable.crc32(content, previous);
      for (const memory of memories) {
        const bytes = new Uint8Array(memory, offset, content.length);
        bytes.set(content);
        const places = [0, ...cuts, content.length].map((cut) => Math.min(cut, content.length)).sort((a, b) => a - b);
        const pieces = places.map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
        for (const { name, crcs } of implementations) {
          t.is(crcs.crc32(bytes, previous), expected, name);
          t.is(
            pieces.reduce((before, piece) => crcs.crc32(piece, before), previous),
            expected,
            name,
          );
          t.is(crcs.crc32(bytes), portable.crc32(content), name);
          t.is(crcs.crc32c(bytes), portable.crc32c(content), name);
        }
      }
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(0xffffffff), (text, previous) => {
      t.is(crc32(text, previous), portable.crc32(text, previous));
      t.is(crc32(text, previous), portable.crc32(Buffer.from(text), previous));
    }),
  );
});

const packages = {
  "is not installed": undefined,
  "does not load": 'throw new Error("GLIBC_2.99 not found");',
  "gives other numbers": "exports.crc32 = exports.crc32c = () => 0;",
};
for (const [what, source] of Object.entries(packages)) {
  test(`where @node-rs/crc32 ${what}, the portable CRCs are used`, (t) => {
    const folder = temporaryFolder(t);
    cpSync(fileURLToPath(new URL("../../checksum/", import.meta.url)), join(folder, "checksum"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    if (source !== undefined) {
      const installed = join(folder, "node_modules/@node-rs/crc32");
      mkdirSync(installed, { recursive: true });
      writeFileSync(join(installed, "package.json"), '{ "main": "index.cjs" }');
      writeFileSync(join(installed, "index.cjs"), source);
    }
    const script = `
      const { crc32, crc32c, native, portable } = await import("./checksum/crc.js");
      const bytes = Buffer.from("123456789");
      console.log(native === undefined, crc32 === portable.crc32, crc32(bytes), crc32c(bytes));`;
    writeFileSync(join(folder, "main.js"), script);
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, "main.js")], { encoding: "utf8" });
    t.is(stdout, `true true ${0xcbf43926} ${0xe3069283}\n`, stderr);
  });
}
