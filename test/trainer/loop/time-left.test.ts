import test from "ava";
import { TimeLeft } from "../../../trainer/loop/time-left.js";

const left = (stage: number, steps: number, voxels: number) => ({ stage, steps, samples: 1, voxels });

test("a step costs what its stage's steps have cost, without the first, for which the engine prepares", (t) => {
  const time = new TimeLeft();
  time.step({ stage: 0, voxels: 100 }, 900);
  time.step({ stage: 0, voxels: 100 }, 10);
  time.step({ stage: 0, voxels: 100 }, 30);
  t.is(time.seconds([left(0, 50, 100)], 0, 0), 1);
});

test("a stage that was not seen yet costs as much a voxel as the others", (t) => {
  const time = new TimeLeft();
  for (const ms of [10, 10, 10]) time.step({ stage: 0, voxels: 100 }, ms);
  t.is(time.seconds([left(0, 10, 100), left(1, 10, 800)], 0, 0), (10 * 10 + 10 * 80) / 1000);
});

test("the end of each epoch is counted: what they have cost, and before one has ended what is known of it", (t) => {
  const time = new TimeLeft();
  for (const ms of [10, 10]) time.step({ stage: 0, voxels: 100 }, ms);
  t.is(time.seconds([], 4, 250), 1);
  time.epochEnd(400);
  time.epochEnd(600);
  t.is(time.seconds([], 4, 250), 2);
});
