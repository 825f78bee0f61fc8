import {
  type Batch,
  type DataClient,
  type ImageTensor,
  type LabelTensor,
  parseDataSpec,
  type RunInfo,
} from "../../client/index.js";

const dataset = "Task04_Hippocampus";

/** Compiled and never called: each expected error is a mistake that must not compile. */
export async function compiles(client: DataClient, info: RunInfo, json: unknown): Promise<void> {
  await client.openRun({ dataset });
  await client.openRun({ dataset, mode: "performance", augmentation: "nnunet" });
  await client.openRun(info.spec);
  await client.openRun(info.specBytes);
  await client.openRun(parseDataSpec(json));
  // @ts-expect-error dataset is required
  await client.openRun({ mode: "performance" });
  // @ts-expect-error misspelt field
  await client.openRun({ dataset, stepPerEpoch: 10 });
  // @ts-expect-error misspelt mode
  await client.openRun({ dataset, mode: "performence" });
  // @ts-expect-error text where a number is wanted
  await client.openRun({ dataset, epochs: "30" });
  // @ts-expect-error two axes
  await client.openRun({ dataset, stages: [{ patchSize: [8, 8] }] });
  // @ts-expect-error a stage needs its patch size
  await client.openRun({ dataset, stages: [{ batchSize: 2 }] });
  // @ts-expect-error misspelt field further down
  await client.openRun({ dataset, wire: { images: "f16" } });
  // @ts-expect-error no such transform
  await client.openRun({ dataset, augmentation: [{ kind: "blurr" }] });
  // @ts-expect-error another transform's field
  await client.openRun({ dataset, augmentation: [{ kind: "noise", axes: [0] }] });
  // @ts-expect-error JSON that nobody has read
  await client.openRun(json);
  // @ts-expect-error the same for the other calls
  await client.getBatch({ dataset, sede: 1 }, { step: 0 });
}

/** Compiled and never called: what shapes and values are. */
export function tensorTypes({ image, label }: Batch): readonly unknown[] {
  const five: ImageTensor["shape"]["length"] = 5;
  const four: LabelTensor["shape"]["length"] = 4;
  const [, , z, y, x] = image.shape;
  const values: Float32Array = image.data;
  const classes: Int16Array | Uint8Array = label.data;
  const narrowed = label.type === "i16" ? (label.data satisfies Int16Array) : (label.data satisfies Uint8Array);
  // @ts-expect-error there is no sixth axis
  narrowed.set([image.shape[5]]);
  return [five, four, z, y, x, values, classes, narrowed];
}
