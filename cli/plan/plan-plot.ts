import type { LinePicture } from "../../pictures/index.js";
import { voxelCount } from "../../plan/index.js";
import { sizeText } from "../columns.js";
import type { Curriculum } from "./plan-table.js";

/** The picture of a curriculum: voxels of a patch, and the batch, over the epochs; both scales are logarithmic. */
export function stagesPicture({ plan, mode, stages }: Curriculum): LinePicture {
  const borders = [0];
  for (const { epochs } of stages) borders.push((borders.at(-1) ?? 0) + epochs);
  const from = (stage: number) => borders[stage] ?? 0;
  const count = `${stages.length} ${stages.length === 1 ? "stage" : "stages"}`;
  return {
    title: `${mode}: ${count} to ${sizeText(plan.patchSize)}, batch ${plan.batchSize}`,
    x: "epoch",
    spans: stages.map((_, stage) => ({ from: from(stage), to: from(stage + 1) })),
    panels: [
      {
        y: "patch, voxels",
        scale: "log",
        series: [
          {
            form: "steps",
            points: stages.map(({ patchSize }, stage) => ({
              x: from(stage),
              y: voxelCount(patchSize),
              label: sizeText(patchSize),
            })),
          },
        ],
      },
      {
        y: "batch, samples",
        scale: "log",
        series: [
          {
            form: "steps",
            colour: 1,
            points: stages.map(({ batchSize }, stage) => ({ x: from(stage), y: batchSize, label: `${batchSize}` })),
          },
        ],
      },
    ],
  };
}
