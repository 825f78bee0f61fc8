import { BLOCK_BYTES, Blocks } from "./blocks.js";

/** Blocks of the largest WebAssembly memory, 4 GiB. */
const LARGEST_ARENA_BLOCKS = 65_536;

/** A shared memory that holds volumes, and behind them scratch; reserved whole, so that its buffer never changes. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  readonly blocks: Blocks;
  /** Byte at which the scratch begins. */
  readonly scratchOffset: number;
}

/**
 * Reserves as many arenas as `budgetBytes` fills: all of the largest size but the last, each with `scratchBytes` besides.
 * Pages are committed when first written.
 */
export function reserveArenas(budgetBytes: number, scratchBytes: number): Arena[] {
  const arenas: Arena[] = [];
  const scratch = Math.ceil(scratchBytes / BLOCK_BYTES);
  const most = LARGEST_ARENA_BLOCKS - scratch;
  for (let left = Math.floor(budgetBytes / BLOCK_BYTES); left > 0; left -= most) {
    const blocks = Math.min(left, most);
    const pages = blocks + scratch;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    arenas.push({ memory, blocks: new Blocks(blocks), scratchOffset: blocks * BLOCK_BYTES });
  }
  return arenas;
}
