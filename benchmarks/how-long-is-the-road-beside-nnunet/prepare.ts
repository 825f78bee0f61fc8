import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The folders of both roads: what is trained on, and what is new at its end. */
export interface Road {
  /** nnU-Net's raw layout. */
  readonly raw: string;
  readonly imagesNew: string;
  readonly labelsNew: string;
  readonly cases: number;
  readonly newCases: number;
}

export const DATASET = "Dataset004_Hippocampus";

/** The subjects of `cases.csv`, each with its cases. */
async function bySubject(folder: string): Promise<Map<string, string[]>> {
  const [, ...lines] = (await readFile(join(folder, "cases.csv"), "utf8")).trim().split("\n");
  const subjects = new Map<string, string[]>();
  for (const line of lines) {
    const [name = "", subject = ""] = line.split(",", 2);
    subjects.set(subject, [...(subjects.get(subject) ?? []), name]);
  }
  return subjects;
}

/** Puts every fourth subject of `folder` aside as new images, and the others into `to` as a raw data set. */
export async function prepareRoad(folder: string, to: string): Promise<Road> {
  const raw = join(to, "raw", DATASET);
  const imagesNew = join(to, "imagesNew");
  const labelsNew = join(to, "labelsNew");
  for (const made of [join(raw, "imagesTr"), join(raw, "labelsTr"), imagesNew, labelsNew])
    await mkdir(made, { recursive: true });
  const subjects = [...(await bySubject(folder)).values()];
  const fresh = subjects.filter((_, index) => index % 4 === 3).flat();
  const trained = subjects.filter((_, index) => index % 4 !== 3).flat();
  for (const [names, images, labels] of [
    [fresh, imagesNew, labelsNew],
    [trained, join(raw, "imagesTr"), join(raw, "labelsTr")],
  ] as const)
    for (const name of names) {
      await copyFile(join(folder, "imagesTr", `${name}_0000.nii.gz`), join(images, `${name}_0000.nii.gz`));
      await copyFile(join(folder, "labelsTr", `${name}.nii.gz`), join(labels, `${name}.nii.gz`));
    }
  const description = JSON.parse(await readFile(join(folder, "dataset.json"), "utf8")) as object;
  await writeFile(join(raw, "dataset.json"), JSON.stringify({ ...description, numTraining: trained.length }, null, 2));
  return { raw, imagesNew, labelsNew, cases: trained.length, newCases: fresh.length };
}
