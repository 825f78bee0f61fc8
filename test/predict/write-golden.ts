import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { goldenCases, writeImages, writeModel } from "./golden-cases.js";

/* For tests in Python: `node write-golden.js FOLDER` writes a model (`N/run`) and a raw image (`N/images`) for each golden case. */
const [, , folder] = process.argv as [string, string, string];
for (const [i, golden] of goldenCases.entries()) {
  writeModel(join(folder, String(i), "run"), golden);
  writeImages(join(folder, String(i), "images"), golden, "image");
}
writeFileSync(join(folder, "count"), String(goldenCases.length));
