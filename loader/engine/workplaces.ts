import { compileKernels, instantiateKernels, type Kernels, ROOM_VALUES } from "../kernels/kernels.js";
import { BLOCK_BYTES } from "./blocks.js";
import type { Source } from "./grid.js";
import type { Workplace } from "./patch-cutter.js";
import type { WorkerSetup } from "./task.js";

/** Where one thread makes patches: in the arenas beside the volumes, or in a memory of its own. */
export class Workplaces {
  readonly #module = compileKernels();
  readonly #inArenas: readonly Workplace[];
  #own: { readonly buffer: SharedArrayBuffer; readonly kernels: Kernels } | undefined;

  constructor(arenas: WorkerSetup["arenas"]) {
    this.#inArenas = arenas.map(({ memory, scratchOffset }) => {
      return { kernels: instantiateKernels(this.#module, memory), buffer: memory.buffer, offset: scratchOffset };
    });
  }

  inArena(arena: number): Workplace {
    return this.#inArenas[arena] as Workplace;
  }

  /** A copy of `source` in the thread's own memory, and scratch of `bytes` behind it; good until the next call. */
  inOwnMemory(source: Source, bytes: number): { readonly workplace: Workplace; readonly source: Source } {
    const labelOffset = 4 * (source.image.values.length + ROOM_VALUES);
    const offset = 8 * Math.ceil((labelOffset + 2 * (source.label.values.length + ROOM_VALUES)) / 8);
    const { buffer, kernels } = this.#ownMemory(offset + bytes);
    const image = new Float32Array(buffer, 0, source.image.values.length);
    const label = new Int16Array(buffer, labelOffset, source.label.values.length);
    image.set(source.image.values);
    label.set(source.label.values);
    return {
      workplace: { kernels, buffer, offset },
      source: {
        image: { values: image, shape: source.image.shape },
        label: { values: label, shape: source.label.shape },
      },
    };
  }

  #ownMemory(bytes: number): { readonly buffer: SharedArrayBuffer; readonly kernels: Kernels } {
    if (this.#own !== undefined && this.#own.buffer.byteLength >= bytes) return this.#own;
    const pages = Math.ceil(bytes / BLOCK_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.#own = { buffer: memory.buffer, kernels: instantiateKernels(this.#module, memory) };
    return this.#own;
  }
}
