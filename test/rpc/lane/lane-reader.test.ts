import test from "ava";
import fc from "fast-check";
import { chunkFrame } from "../../../rpc/codec/framing.js";
import { LAST, MESSAGE, prefixOf } from "../../../rpc/lane/lane-frame.js";
import { LaneReader } from "../../../rpc/lane/lane-reader.js";

type Part =
  | { readonly kind: "message"; readonly bytes: Uint8Array }
  | { readonly kind: "alive" }
  | { readonly kind: "chunk"; readonly step: number; readonly offset: number; readonly data: Uint8Array };

/** 0x0a begins every message but a chunk's: field 1. */
const parts: fc.Arbitrary<Part> = fc.oneof(
  fc.uint8Array({ maxLength: 90 }).map((bytes) => ({ kind: "message" as const, bytes: Buffer.from([0x0a, ...bytes]) })),
  fc.constant({ kind: "alive" as const }),
  fc.record({
    kind: fc.constant("chunk" as const),
    step: fc.nat(70_000),
    offset: fc.nat(2 ** 40),
    data: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(40_000).map((length) => new Uint8Array(length).fill(length)),
    ),
  }),
);

function written(part: Part): Buffer {
  if (part.kind === "alive") return prefixOf(MESSAGE, 0);
  if (part.kind === "message") return Buffer.concat([prefixOf(MESSAGE, part.bytes.length), part.bytes]);
  const frame = chunkFrame(part.step, part.offset, part.data);
  const bytes = Buffer.alloc(frame.byteLength);
  frame.copy(bytes, 0);
  return Buffer.concat([prefixOf(MESSAGE, bytes.length), bytes]);
}

/** What a reader tells, as text; chunks with an odd step are not wanted. */
function listener() {
  const told: string[] = [];
  const reader = new LaneReader(
    {
      message: (bytes) => told.push(`message ${bytes.toString("hex")}`),
      last: (bytes) => told.push(`last ${bytes.toString("hex")}`),
      alive: () => told.push("alive"),
      chunk({ step, offset, dataBytes }) {
        const head = `chunk ${step} ${offset}`;
        if (step % 2 === 1) {
          told.push(`${head} unwanted`);
          return undefined;
        }
        const bytes = Buffer.alloc(dataBytes);
        let filled = 0;
        if (dataBytes === 0) told.push(`${head} `);
        return {
          bytes,
          filled(count) {
            filled += count;
            if (filled === dataBytes) told.push(`${head} ${bytes.toString("hex")}`);
          },
        };
      },
    },
    1_000,
  );
  return { told, reader };
}

function expected(part: Part): string {
  if (part.kind === "alive") return "alive";
  if (part.kind === "message") return `message ${Buffer.from(part.bytes).toString("hex")}`;
  const head = `chunk ${part.step} ${part.offset}`;
  return part.step % 2 === 1 ? `${head} unwanted` : `${head} ${Buffer.from(part.data).toString("hex")}`;
}

const sizes = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 20 });

test("a lane is taken apart into the same messages and chunks, in whatever pieces it is pushed", (t) => {
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), sizes, (lane, pieces) => {
      const bytes = Buffer.concat([...lane.map(written), prefixOf(LAST, 2), Buffer.from("ok")]);
      const { told, reader } = listener();
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const count = pieces[turn % pieces.length] as number;
        reader.push(bytes.subarray(at, at + count));
        at += count;
      }
      t.deepEqual(told, [...lane.map(expected), `last ${Buffer.from("ok").toString("hex")}`]);
    }),
    { numRuns: 200 },
  );
});

test("read straight to where it belongs, a lane gives the same", (t) => {
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), sizes, (lane, pieces) => {
      const bytes = Buffer.concat(lane.map(written));
      const { told, reader } = listener();
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const buffer = reader.nextBuffer();
        t.true(buffer.length > 0);
        const count = Math.min(buffer.length, pieces[turn % pieces.length] as number, bytes.length - at);
        buffer.set(bytes.subarray(at, at + count));
        reader.read(count);
        at += count;
      }
      t.deepEqual(told, lane.map(expected));
    }),
    { numRuns: 200 },
  );
});

test("what is no lane is MESSAGE_DAMAGED: other flags, and messages that are too long", (t) => {
  const flags = Buffer.from([7, 0, 0, 0, 1, 0]);
  const long = Buffer.concat([prefixOf(MESSAGE, 1_001), Buffer.alloc(50, 0x0a)]);
  for (const bytes of [flags, long])
    t.like(
      t.throws(() => listener().reader.push(bytes)),
      { facts: { code: "MESSAGE_DAMAGED" } },
    );
});
