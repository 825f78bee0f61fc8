import { scratchAt } from "../memory/scratch.js";
import { imageWriter } from "./image-writer.js";
import { labelWriter } from "./label-writer.js";
import type { BatchPlace, PatchCut, PatchFormat, Workplace } from "./patch.js";
import type { Source } from "./source.js";
import { spatialGrid } from "./transforms/spatial.js";

/** Cuts a patch from a source that lies in the kernels' memory. */
export type CutPatch = (source: Source, cut: PatchCut) => void;

/**
 * The cutter of a batch's patches, laid out as `batchTensors` says. The box is read, turned, zoomed and mirrored; resampled where the
 * patch has another size (Progressive Resolution); and augmented, one channel at a time. That is done in the batch's own memory where
 * kernels write nothing beside the patch there; else in scratch, from where it is copied or converted to the batch, one slab at a
 * time. A patch that is only copied goes slab by slab from the volume to the batch. The further labels of deep supervision are the
 * full one, down-sampled. Outside of the volume the image is 0 and the label -1; on the wire label -1 is 0, as at the end of nnU-Net's
 * pipeline.
 */
export function patchCutter(format: PatchFormat, batch: BatchPlace, workplace: Workplace): CutPatch {
  const scratch = scratchAt(workplace.buffer, workplace.offset, format);
  const writeImage = imageWriter(format, batch, workplace, scratch);
  const writeLabel = labelWriter(format, batch, workplace, scratch);
  return (source, cut) => {
    const spatial = cut.transforms.find((transform) => transform.kind === "spatial");
    if (spatial !== undefined) scratch.tables.grid.set(spatialGrid(spatial, format.cropSize));
    const label = writeLabel(source.label, cut);
    writeImage(source.image, label, cut);
  };
}
