import { crc32 } from "../../../checksum/crc.js";
import { crc32Combiner } from "./crc32-combine.js";

/** CRC-32 of the bytes of a batch from `start` up to `end` (outside). */
export interface RunChecksum {
  readonly start: number;
  readonly end: number;
  readonly crc: number;
}

/** Bytes that are collected before their checksum is taken: few enough to be in the cache still, enough for a call to pay. */
const LATEST_BYTES = 1 << 17;

interface OpenRun {
  readonly start: number;
  /** Its checksum is that of the bytes until here. */
  checked: number;
  end: number;
  crc: number;
}

/**
 * Checksums of a batch's bytes, taken while they are being written. When a batch of large patches is complete, its first bytes
 * have left the cache: reading them again took longer than cutting them.
 */
export class WrittenChecksums {
  readonly #batch: Uint8Array;
  /** The run that each tensor's last piece belongs to. */
  readonly #open: (OpenRun | undefined)[] = [];
  readonly #closed: RunChecksum[] = [];

  /** `batch` holds the batch's bytes, and may hold others behind them. */
  constructor(batch: Uint8Array) {
    this.#batch = batch;
  }

  /** Bytes `start` to `end` (outside), which lie within tensor number `tensor`, have been written, and stay as they are. */
  wrote(tensor: number, start: number, end: number): void {
    let run = this.#open[tensor];
    if (run?.end !== start) {
      this.#close(tensor);
      run = { start, checked: start, end: start, crc: 0 };
      this.#open[tensor] = run;
    }
    run.end = end;
    if (end - run.checked >= LATEST_BYTES) this.#check(run);
  }

  /** The checksums of all that was written. */
  finish(): readonly RunChecksum[] {
    for (const tensor of this.#open.keys()) this.#close(tensor);
    return this.#closed;
  }

  #check(run: OpenRun): void {
    run.crc = crc32(this.#batch.subarray(run.checked, run.end), run.crc);
    run.checked = run.end;
  }

  #close(tensor: number): void {
    const run = this.#open[tensor];
    if (run === undefined) return;
    this.#check(run);
    this.#open[tensor] = undefined;
    this.#closed.push({ start: run.start, end: run.end, crc: run.crc });
  }
}

/** CRC-32 over all of a batch's bytes, from the checksums of its runs, which cover the batch without gaps. */
export function joinChecksums(runs: readonly RunChecksum[]): number {
  const combine = crc32Combiner();
  const inOrder = [...runs].sort((a, b) => a.start - b.start);
  return inOrder.reduce((before, { start, end, crc }) => combine(before, crc, end - start), 0);
}
