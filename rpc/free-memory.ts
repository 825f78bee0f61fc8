import { MessageChannel } from "node:worker_threads";

/** Bytes of framing that may lie beside a message in its memory. */
const FRAMING_BYTES = 64;

/**
 * A function that frees the memory behind a message now instead of with the next garbage collection. At hundreds of MiB a
 * second waiting for that cost a server half of its processor time: every few tens of MiB of such memory make V8 collect its
 * whole heap, and the next message lies in memory that is neither cached nor mapped yet.
 *
 * Nobody may use the message afterwards. Memory that it shares with others (small Buffers lie in a common one) is left alone.
 */
export function memoryFreer(): (message: Uint8Array) => void {
  const { port1: nowhere } = new MessageChannel();
  nowhere.close(); // What is transferred to a closed port belongs to nobody.
  return ({ buffer, byteLength }) => {
    const isItsOwn = buffer instanceof ArrayBuffer && buffer.byteLength - byteLength <= FRAMING_BYTES;
    if (isItsOwn && buffer.byteLength > 0)
      // Memory that was freed before cannot be transferred again.
      nowhere.postMessage(undefined, [buffer]);
  };
}

/** Half of what glibc keeps of freed memory from then on. */
const LARGEST_FREED_BYTES = 31 << 20;

/**
 * Lets a process keep the memory of its messages for the next ones. glibc gives freed memory back to the system as soon as it
 * has twice the largest block that was ever freed (mallopt(3), M_MMAP_THRESHOLD); with messages of 1 MiB that was at once, and a
 * tenth of a server's processor time went into getting the same pages again. Freeing one large block, never touched, is enough;
 * another C library does nothing of the kind, and this does it no harm.
 */
export function keepFreedMemory(): void {
  memoryFreer()(Buffer.allocUnsafeSlow(LARGEST_FREED_BYTES));
}
