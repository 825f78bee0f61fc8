import { voxelCount, type Zyx } from "../../plan/index.js";
import { foregroundClasses } from "../../trainer/index.js";
import type { StudyDataset } from "../run-result.js";
import type { OpenDataset } from "./open-datasets.js";

/** What the report says of a data set beside its scores. Reads the labels of all cases. `patchSize`: its plan's (Z,Y,X). */
export async function datasetFacts({ source, client, info }: OpenDataset, patchSize: Zyx): Promise<StudyDataset> {
  const classes = foregroundClasses(info);
  const labelled = info.cases.filter(({ unlabelled }) => !unlabelled);
  const counts = classes.map(() => 0);
  let voxels = 0;
  for (const { id } of labelled) {
    const label = await client.readLabel(id);
    const ofValue = new Map<number, number>();
    for (const value of label) ofValue.set(value, (ofValue.get(value) ?? 0) + 1);
    voxels += label.length;
    for (const [index, { values }] of classes.entries())
      counts[index] = values.reduce((sum, value) => sum + (ofValue.get(value) ?? 0), counts[index] as number);
  }
  const shapes = info.cases.map(({ shape: [, z, y, x] }): Zyx => [z, y, x]);
  const medianVoxels = voxelCount([median(shapes, 0), median(shapes, 1), median(shapes, 2)]);
  return {
    name: source.name,
    cases: labelled.length,
    classes: classes.map(({ name }) => name),
    patchCoverage: Math.min(1, voxelCount(patchSize) / medianVoxels),
    smallestClassShare: voxels === 0 ? 0 : Math.min(...counts) / voxels,
    ...(source.paper !== undefined && { paper: source.paper }),
  };
}

/** The middle extent of an axis; of two middle ones their mean. */
function median(shapes: readonly Zyx[], axis: 0 | 1 | 2): number {
  const sorted = shapes.map((shape) => shape[axis]).sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 1;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
