import type { Workplace } from "../../loader/engine/cut/patch.js";
import type { Source } from "../../loader/engine/cut/source.js";
import { compileKernels, instantiateKernels } from "../../loader/kernels/kernels.js";

const PAGE_BYTES = 65_536;
const module = compileKernels();

/** A copy of `source` in a memory of its own with kernels, and a workplace with `scratchBytes` behind it. */
export function inKernelMemory(
  { image, label }: Source,
  scratchBytes: number,
): { readonly source: Source; readonly workplace: Workplace } {
  const labelOffset = image.values.byteLength;
  const offset = 8 * Math.ceil((labelOffset + label.values.byteLength) / 8);
  const pages = Math.ceil((offset + scratchBytes) / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { buffer } = memory;
  const images = new Float32Array(buffer, 0, image.values.length);
  const { length } = label.values;
  const labels =
    label.values instanceof Int8Array
      ? new Int8Array(buffer, labelOffset, length)
      : new Int16Array(buffer, labelOffset, length);
  images.set(image.values);
  labels.set(label.values);
  return {
    source: { image: { values: images, shape: image.shape }, label: { values: labels, shape: label.shape } },
    workplace: { kernels: instantiateKernels(module, memory), buffer, offset },
  };
}
