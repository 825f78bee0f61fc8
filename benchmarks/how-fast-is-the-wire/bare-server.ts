/** The limit we are held against: grpc-js sending the same Buffer again and again, with nothing of ours around it. */
import { once } from "node:events";
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";
import { bareStream } from "./bare-stream.js";

const server = new Server();
server.addService(bareStream, {
  async send(call: ServerWritableStream<Buffer, Buffer>): Promise<void> {
    const totalBytes = call.request.readDoubleLE(0);
    const messageBytes = call.request.readDoubleLE(8);
    const message = Buffer.alloc(messageBytes, 7);
    for (let sent = 0; sent < totalBytes; sent += messageBytes)
      if (!call.write(message.subarray(0, Math.min(messageBytes, totalBytes - sent)))) await once(call, "drain");
    call.end();
  },
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${JSON.stringify({ address: `127.0.0.1:${port}` })}\n`);
});
