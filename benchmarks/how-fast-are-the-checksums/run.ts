/**
 * `node dist/benchmarks/how-fast-are-the-checksums/run.js`: GB/s of native and portable CRCs over a shared WebAssembly memory, in
 * turn; prints the table and writes it to RESULTS.md.
 */
import { loadavg } from "node:os";
import { type Crcs, native, portable } from "../../checksum/index.js";
import { type Figures, figures, ratios } from "../figures.js";
import { machine, versionOf } from "../machine.js";
import { writeResults } from "../results.js";

const SIZES = { "16 B": 16, "64 B": 64, "256 B": 256, "1 KiB": 1 << 10, "64 KiB": 1 << 16, "1 MiB": 1 << 20 };
/** Bytes summed for one figure, at most so many calls, and figures taken. */
const BYTES = 50_000_000;
const CALLS = 50_000;
const ROUNDS = 15;

const memory = new WebAssembly.Memory({ initial: 17, maximum: 17, shared: true });
const all = new Uint8Array(memory.buffer);
for (let i = 0; i < all.length; i++) all[i] = (i * 2_654_435_761) >>> 13;

/** Nanoseconds of one call. */
function nsOf(crc: (bytes: Uint8Array) => number, bytes: Uint8Array): number {
  const calls = Math.min(CALLS, Math.ceil(BYTES / bytes.length));
  const began = process.hrtime.bigint();
  for (let i = 0; i < calls; i++) crc(bytes);
  return Number(process.hrtime.bigint() - began) / calls;
}

function row(crc: keyof Crcs, size: string, bytes: Uint8Array, fast: Crcs): string {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const pair = [nsOf(fast[crc], bytes), nsOf(portable[crc], bytes)] as const;
    if (round < 0) continue; // warm-up
    ours.push(pair[0]);
    theirs.push(pair[1]);
  }
  const speed = ({ median }: Figures) => `${median.toFixed(0)} ns, ${(bytes.length / median).toFixed(2)} GB/s`;
  const { median, p5, p95 } = ratios(theirs, ours);
  const share = `${median.toFixed(2)} (${p5.toFixed(2)} to ${p95.toFixed(2)})`;
  return `| ${[crc, size, speed(figures(theirs)), speed(figures(ours)), share].join(" | ")} |`;
}

if (native === undefined) throw new Error("@node-rs/crc32 is not installed");
const about = Object.entries({ ...machine(), "@node-rs/crc32": versionOf("@node-rs/crc32") });
const report = [
  `\`node dist/benchmarks/how-fast-are-the-checksums/run.js\`, load ${loadavg()[0]?.toFixed(1)}: ${about.map(([name, value]) => `${name} ${value}`).join("; ")}.`,
  "",
  "| checksum | of | zlib / TypeScript | native | times as fast: median (p5 to p95) |",
  "|---|---|---|---|---|",
];
for (const crc of ["crc32", "crc32c"] as const)
  for (const [size, bytes] of Object.entries(SIZES)) report.push(row(crc, size, all.subarray(64, 64 + bytes), native));
process.stdout.write(`${report.join("\n")}\n`);
await writeResults("how-fast-are-the-checksums", report.join("\n"));
