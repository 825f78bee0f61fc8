import { Socket } from "node:net";

/*
 * Runs in a thread of its own in each process that the trainer starts. The process's standard input is a pipe that the trainer
 * holds and never writes to: when it closes, the trainer is gone, and the process ends at once, whatever its main thread is in
 * the middle of. All that it writes may be cut off anywhere.
 */
new Socket({ fd: 0, readable: true }).resume().once("close", () => process.kill(process.pid, "SIGKILL"));
