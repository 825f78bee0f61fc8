/** A process that receives a bare stream: `node receive-bare.js ADDRESS`, then a message for each measurement. */
import { bareBytesPerSecond } from "./bare-stream.js";
import { answerJobs } from "./receiver.js";

const MESSAGE_BYTES = 2 ** 20;
const [address] = process.argv.slice(2) as [string];

answerJobs(({ bytes }: { readonly bytes: number }) => bareBytesPerSecond(address, bytes, MESSAGE_BYTES));
