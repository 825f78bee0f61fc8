import { Client, credentials, type ServiceDefinition } from "@grpc/grpc-js";
import { SteadyClock } from "./steady-clock.js";

/** One method that streams raw bytes; the request says how many, in messages of what size. */
export const bareStream = {
  send: {
    path: "/benchmark.Bare/Send",
    requestStream: false,
    responseStream: true,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
} satisfies ServiceDefinition;

/** Opens a bare stream from `address` of `totalBytes` in messages of `messageBytes`; disposing it ends it. */
export function openBareStream(
  address: string,
  totalBytes: number,
  messageBytes: number,
): Disposable & { readonly messages: AsyncIterable<Buffer> } {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc-node.flow_control_window": 16 * 1024 * 1024,
    "grpc.max_receive_message_length": -1,
  });
  const request = Buffer.alloc(16);
  request.writeDoubleLE(totalBytes, 0);
  request.writeDoubleLE(messageBytes, 8);
  const { path, requestSerialize, responseDeserialize } = bareStream.send;
  const messages = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
  return {
    messages,
    [Symbol.dispose]() {
      messages.cancel();
      client.close();
    },
  };
}

/** Bytes per second of a bare stream from `address`, received in this thread; the first `untimedBytes` are not timed. */
export async function bareBytesPerSecond(
  address: string,
  { totalBytes, untimedBytes, messageBytes }: { totalBytes: number; untimedBytes: number; messageBytes: number },
): Promise<number> {
  using stream = openBareStream(address, totalBytes, messageBytes);
  const clock = new SteadyClock(untimedBytes);
  for await (const message of stream.messages) clock.received(message.byteLength);
  if (clock.totalBytes !== totalBytes) throw new Error(`received ${clock.totalBytes} of ${totalBytes} bytes`);
  return clock.bytesPerSecond();
}
