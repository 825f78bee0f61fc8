/** Sends the same Buffer to whoever connects, for as long as they read. */
import { type AddressInfo, createServer } from "node:net";

const message = Buffer.alloc(2 ** 20, 7);
const server = createServer((socket) => {
  const send = () => {
    while (!socket.destroyed && socket.write(message));
  };
  socket.on("drain", send);
  socket.on("error", () => socket.destroy());
  send();
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ address: `127.0.0.1:${port}` })}\n`);
});
