import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ExecutionContext } from "ava";

const A = 1;
const HEADER_BYTES = 12;
/** A pointer to the question's name, type A, class IN, no time to live, four bytes. */
const ANSWER_HEAD = [0xc0, HEADER_BYTES, 0, A, 0, 1, 0, 0, 0, 0, 0, 4];

/** A DNS server of one name, whatever it is asked for. */
export interface DnsServer {
  /** host:port. */
  readonly address: string;
  /** IPv4 addresses that it answers from now on; none: the name has none. */
  answer(ips: readonly string[]): void;
  /** Resolves when it has been asked so many times from now on. */
  asked(times: number): Promise<void>;
}

/** Starts one over UDP on a free port; it is closed with the test. */
export async function startDns(t: ExecutionContext, ips: readonly string[]): Promise<DnsServer> {
  const socket = createSocket("udp4");
  t.teardown(() => socket.close());
  let answered = ips;
  const waiting = new Set<() => void>();
  socket.on("message", (question: Buffer, { port, address }: RemoteInfo) => {
    const isForA = typeOf(question) === A;
    socket.send(answerTo(question, isForA ? answered : []), port, address);
    if (isForA) for (const count of waiting) count();
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    answer(next) {
      answered = next;
    },
    asked: (times) =>
      new Promise((resolve) => {
        let left = times;
        const count = () => {
          left--;
          if (left > 0) return;
          waiting.delete(count);
          resolve();
        };
        waiting.add(count);
      }),
  };
}

function endOfQuestion(message: Buffer): number {
  let at = HEADER_BYTES;
  while (message[at] !== 0) at += 1 + (message[at] ?? 0);
  return at + 5; // the empty label, then type and class
}

function typeOf(message: Buffer): number {
  return message.readUInt16BE(endOfQuestion(message) - 4);
}

function answerTo(question: Buffer, ips: readonly string[]): Buffer {
  const head = Buffer.from(question.subarray(0, endOfQuestion(question)));
  head.writeUInt16BE(0x8180, 2); // an answer, without an error
  head.writeUInt16BE(ips.length, 6);
  head.writeUInt32BE(0, 8); // nothing beside the answers
  const answers = ips.map((ip) => Buffer.from([...ANSWER_HEAD, ...ip.split(".").map(Number)]));
  return Buffer.concat([head, ...answers]);
}
