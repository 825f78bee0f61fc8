import { BLOCK_BYTES, Blocks } from "./blocks.js";

/** Blocks of the largest WebAssembly memory, 4 GiB. */
const LARGEST_ARENA_BLOCKS = 65_536;

/** A shared memory that holds volumes and what is made of them; reserved whole, so that its buffer never changes. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  readonly blocks: Blocks;
}

/**
 * Reserves as many arenas as `budgetBytes` fills: all of the largest size but the last. Pages are committed when first
 * written.
 */
export function reserveArenas(budgetBytes: number): Arena[] {
  const arenas: Arena[] = [];
  for (let left = Math.floor(budgetBytes / BLOCK_BYTES); left > 0; left -= LARGEST_ARENA_BLOCKS) {
    const blocks = Math.min(left, LARGEST_ARENA_BLOCKS);
    const memory = new WebAssembly.Memory({ initial: blocks, maximum: blocks, shared: true });
    arenas.push({ memory, blocks: new Blocks(blocks) });
  }
  return arenas;
}
