/** `node same-report.js ONE OTHER`: says where the reports of two studies differ by more than times, and ends with 1 then. */
import { reportWithoutTimes } from "../study/report-without-times.js";

const [one = "", other = ""] = process.argv.slice(2);
const [lines, others] = [one, other].map((folder) => reportWithoutTimes(folder).split("\n")) as [string[], string[]];
const at = lines.findIndex((line, index) => line !== others[index]);
if (at >= 0 || lines.length !== others.length) {
  console.error(`line ${at + 1}\n${one}: ${lines[at]}\n${other}: ${others[at]}`);
  process.exitCode = 1;
} else console.log(`${lines.length} lines are the same`);
