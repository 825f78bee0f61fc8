import type { Workplace } from "../../loader/engine/cut/patch.js";
import type { ChannelVolume, Source } from "../../loader/engine/cut/source.js";
import { compileKernels, instantiateKernels, markedBytes } from "../../loader/kernels/kernels.js";

const PAGE_BYTES = 65_536;
const module = compileKernels();

/** A source that lies anywhere, with the label's values as they are. */
export interface PlainSource {
  readonly image: ChannelVolume<Float32Array>;
  readonly label: ChannelVolume<Int16Array>;
}

/**
 * A copy of `source` in a memory of its own with kernels, its label marked where `isMarked`, and a workplace with `scratchBytes`
 * behind it.
 */
export function inKernelMemory(
  { image, label }: PlainSource,
  scratchBytes: number,
  isMarked = false,
): { readonly source: Source; readonly workplace: Workplace } {
  const [, ...size] = label.shape;
  const labelOffset = image.values.byteLength;
  const labelEnd = labelOffset + (isMarked ? markedBytes(size) : label.values.byteLength);
  const offset = 8 * Math.ceil(labelEnd / 8);
  const pages = Math.ceil((offset + scratchBytes) / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const { buffer } = memory;
  const kernels = instantiateKernels(module, memory);
  const images = new Float32Array(buffer, 0, image.values.length);
  images.set(image.values);
  const labels = isMarked
    ? new Uint8Array(buffer, labelOffset, markedBytes(size))
    : new Int16Array(buffer, labelOffset, label.values.length);
  labels.set(label.values);
  if (labels instanceof Uint8Array) kernels.markLabel({ values: labels, size });
  return {
    source: { image: { values: images, shape: image.shape }, label: { values: labels, shape: label.shape } },
    workplace: { kernels, buffer, offset },
  };
}
