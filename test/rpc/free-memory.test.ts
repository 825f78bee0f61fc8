import { setImmediate } from "node:timers/promises";
import { Server } from "@grpc/grpc-js";
import test from "ava";
import fc from "fast-check";
import { callStream } from "../../rpc/client/call.js";
import { openChannel } from "../../rpc/client/channel.js";
import { chunkFrame, type Frame } from "../../rpc/codec/framing.js";
import { memoryFreer } from "../../rpc/free-memory.js";
import { type Handlers, implement } from "../../rpc/server/implement.js";
import { listen } from "../../rpc/server/listen.js";

test("memory is freed with the message that has it to itself, framing included", (t) => {
  const free = memoryFreer();
  fc.assert(
    fc.property(fc.nat(1 << 21), fc.nat(32), fc.nat(32), (length, before, after) => {
      const whole = Buffer.allocUnsafeSlow(before + length + after);
      free(whole.subarray(before, before + length));
      return whole.buffer.byteLength === 0 && whole.length === 0;
    }),
  );
  t.pass();
});

test("memory that a message shares is left alone: Node's pool, a larger buffer, other threads'", (t) => {
  const free = memoryFreer();
  const pooled = Buffer.from("a message below the pool's size");
  const { buffer: pool } = pooled;
  free(pooled);
  t.is(pool.byteLength, Buffer.poolSize);
  t.is(pooled.toString(), "a message below the pool's size");
  const large = Buffer.alloc(1 << 20, 7);
  free(large.subarray(0, 1 << 19));
  t.is(large.length, 1 << 20);
  const shared = new Uint8Array(new SharedArrayBuffer(1 << 20));
  free(shared);
  t.is(shared.length, 1 << 20);
});

/** The frame, and the memory that gRPC had it copied to. */
function watched(frame: Frame): Frame & { copiedTo?: Buffer } {
  return {
    byteLength: frame.byteLength,
    copy(target, offset) {
      this.copiedTo = target;
      frame.copy(target, offset);
    },
  };
}

test("gRPC's copy of a message is freed once it was sent, unless it shares memory", async (t) => {
  const large = watched(chunkFrame(1, 0, Buffer.alloc(1 << 20, 1)));
  const small = watched(chunkFrame(1, 1 << 20, Buffer.alloc(100, 2)));
  const server = new Server();
  implement(server, "DataService", {
    async *readCase() {
      for (const frame of [large, small]) {
        yield frame;
        await setImmediate();
      }
    },
  } as Partial<Handlers<"DataService">> as Handlers<"DataService">);
  const channel = openChannel((await listen(server, {})).address);
  t.teardown(() => {
    channel.client.close();
    server.forceShutdown();
  });
  const request = { case: "any", volume: "VOLUME_IMAGE", region: null } as const;
  const sums: number[] = [];
  for await (const message of callStream(channel, "DataService", "readCase", request))
    if (message.kind === "chunk") sums.push(message.chunk.data.reduce((sum, byte) => sum + byte, 0));
  t.deepEqual(sums, [1 << 20, 200]);
  t.is(large.copiedTo?.buffer.byteLength, 0);
  t.is(small.copiedTo?.buffer.byteLength, Buffer.poolSize);
});
