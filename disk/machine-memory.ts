import { totalmem } from "node:os";

/** Bytes that this process may use: the machine's, or less in a container. `constrained` is 0 or beyond any machine where nothing limits it. */
export function usableMemory(totalBytes: number, constrainedBytes: number | undefined): number {
  return constrainedBytes ? Math.min(totalBytes, constrainedBytes) : totalBytes;
}

/** The machine's memory in bytes, or what its container may use. */
export function machineBytes(): number {
  return usableMemory(totalmem(), process.constrainedMemory());
}
