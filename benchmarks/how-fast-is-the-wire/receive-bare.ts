/** A process that receives a bare stream: `node receive-bare.js ADDRESS`, then a message for each measurement. */
import { bareBytesPerSecond } from "./bare-stream.js";
import { answerJobs } from "./receiver.js";

const MESSAGE_BYTES = 2 ** 20;
const [address] = process.argv.slice(2) as [string];

answerJobs((job: { readonly totalBytes: number; readonly untimedBytes: number }) =>
  bareBytesPerSecond(address, { ...job, messageBytes: MESSAGE_BYTES }),
);
