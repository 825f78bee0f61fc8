/** Takes batches of one stage as fast as they come: `receive.js ADDRESS SPEC STAGE WARM COUNT` prints seconds and processor seconds of COUNT. */
import { connect } from "../../client/index.js";

const [address = "", spec = "", stage, warm, count] = process.argv.slice(2);
await using server = connect(address);
await using run = await server.openRun(JSON.parse(spec));
const from = run.info.train.stages[Number(stage)]?.firstStep ?? 0;
let began = performance.now();
let cpu = process.cpuUsage();
for await (const batch of run.batches({ from, to: from + Number(warm) + Number(count) })) {
  batch[Symbol.dispose]();
  if (batch.step !== from + Number(warm) - 1) continue;
  began = performance.now();
  cpu = process.cpuUsage();
}
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(
  `${JSON.stringify({ seconds: (performance.now() - began) / 1e3, cpuSeconds: (user + system) / 1e6 })}\n`,
);
