import { join } from "node:path";
import { EVENTS_FILE } from "../../trainer/run-folder/event-log.js";
import type { TrainingEvent } from "../../trainer/run-folder/events.js";
import { appendJsonLines } from "../../trainer/run-folder/json-lines.js";
import { writeRequest } from "../../trainer/run-folder/request.js";
import { longTraining } from "../trainer/history/events-of-a-long-training.js";
import { tinyRun } from "../trainer/processes.js";

const STEPS_PER_EPOCH = 250;
const AT_ONCE = 10_000;

/** A folder with the request and the events of a training of so many steps, which was stopped at its end, as a trainer leaves it. */
export function writeLongTraining(folder: string, steps: number): void {
  writeRequest(folder, { data: ["127.0.0.1:1"], run: tinyRun(["hippocampus_003"]) });
  let some: TrainingEvent[] = [];
  const write = () => {
    appendJsonLines(join(folder, EVENTS_FILE), some, { durable: false });
    some = [];
  };
  for (const event of longTraining(steps, STEPS_PER_EPOCH)) if (some.push(event) === AT_ONCE) write();
  write();
}
