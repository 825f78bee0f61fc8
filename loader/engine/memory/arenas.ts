import { refuse } from "../../../plan/errors.js";
import { BLOCK_BYTES, Blocks } from "./blocks.js";

/** Blocks of the largest WebAssembly memory. */
const LARGEST_ARENA_BLOCKS = 65_536;

/** 4 GiB: no volume, workspace or batch is larger. */
export const LARGEST_ARENA_BYTES = LARGEST_ARENA_BLOCKS * BLOCK_BYTES;

/** A shared memory for volumes, for making patches, and for batches. It is reserved whole, so its buffer never changes. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** For volumes and workspaces, from the memory's start. */
  readonly blocks: Blocks;
  /** For slots, behind those. */
  readonly slotBlocks: Blocks;
}

/**
 * Reserves as many arenas as the two budgets fill: all but the last have the largest size. Slots lie in the first ones, since
 * kernels can only write to the memory that they read from. Pages take physical memory when they are first written.
 * Throws SPEC_INVALID where the system does not give as much address space.
 */
export function reserveArenas(volumeBudgetBytes: number, slotBudgetBytes: number): Arena[] {
  const arenas: Arena[] = [];
  let volumeBlocks = Math.floor(volumeBudgetBytes / BLOCK_BYTES);
  let slotBlocks = Math.floor(slotBudgetBytes / BLOCK_BYTES);
  while (volumeBlocks + slotBlocks > 0) {
    const slots = Math.min(slotBlocks, LARGEST_ARENA_BLOCKS);
    const volumes = Math.min(volumeBlocks, LARGEST_ARENA_BLOCKS - slots);
    const blocks = volumes + slots;
    const memory = reserve(blocks, volumeBudgetBytes + slotBudgetBytes);
    arenas.push({ memory, blocks: new Blocks(volumes), slotBlocks: new Blocks(slots) });
    volumeBlocks -= volumes;
    slotBlocks -= slots;
  }
  return arenas;
}

function reserve(blocks: number, budgetBytes: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: blocks, maximum: blocks, shared: true });
  } catch {
    return refuse(
      "the budgets for volumes and batches",
      `${budgetBytes} bytes`,
      "no more than the system lets a process reserve",
      "Give a smaller --volume-budget or --slot-budget, or more address space (ulimit -v): the budgets and 8 GiB for each 4 GiB of them.",
    );
  }
}
