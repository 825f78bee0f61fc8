export type { ByteReader, OpenFile, ReadSizes } from "./dataset/bytes/byte-reader.js";
export type { Dataset, Geometry, Region, StoredCase } from "./dataset/dataset.js";
export {
  type IngestOptions,
  type IngestProgress,
  type IngestReport,
  ingest,
  type SkippedCase,
} from "./dataset/ingest.js";
export { writeItkLabel } from "./dataset/itk/write-itk.js";
export { nnunetDataset } from "./dataset/nnunet-dataset-json.js";
export { openStore, type StoreOptions } from "./dataset/open-store.js";
export { type Preparation, parsePreparation } from "./dataset/planner/parse-plans.js";
export { percentile } from "./dataset/planner/percentile.js";
export { PLANNER_NAMES, type PlannerName } from "./dataset/planner/planners.js";
export { plansOfRun } from "./dataset/planner/run-plans.js";
export {
  ingestPrepared,
  type PreparedIngestOptions,
  type PreparedIngestReport,
} from "./dataset/prepared/ingest-prepared.js";
export { parseChannelsAndLabels } from "./dataset/raw/dataset-json.js";
export { labelEnding, readLabelHeader } from "./dataset/raw/label-place.js";
export { type ImageToPrepare, readImageToPrepare } from "./dataset/raw/prepare-image.js";
export type { PreparedSource } from "./dataset/raw/prepare-source.js";
export { IMAGE_ENDINGS, imageEnding, isItk, promisedValues } from "./dataset/raw/read-image.js";
export { type LabelVolume, readLabelFile } from "./dataset/raw/read-label.js";
export {
  type CaseRules,
  farthestApartVoxels,
  PLACE_TOLERANCE_VOXELS,
  type ToleratedFlaw,
} from "./dataset/raw/read-raw-case.js";
export { isRemote } from "./dataset/remote/store-address.js";
export type { Store, StoreLocation } from "./dataset/store.js";
export { verifyStore } from "./dataset/verify-store.js";
export { type BatchStatistics, batchStatistics, type CountedBatch } from "./engine/cut/batch-statistics.js";
export { classVoxels, labelNumbers } from "./engine/cut/class-voxels.js";
export {
  type ChecksummedLease,
  type CutOptions,
  type Engine,
  type EngineMetrics,
  type EngineOptions,
  openEngine,
  type SlotLease,
} from "./engine/engine.js";
export { largestLabel, volumeBytes } from "./engine/memory/volume-layout.js";
export { compileKernels, type Grid, instantiateKernels, type Kernels, markedBytes } from "./kernels/kernels.js";
export { distinctColours } from "./preview/colours.js";
export type { Preview, PreviewPage } from "./preview/preview.js";
export { previewFromStore, type StorePreviewRequest } from "./preview/preview-from-store.js";
export { type DataServer, type ServeOptions, serve } from "./server/serve.js";
