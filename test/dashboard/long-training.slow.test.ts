import { mkdirSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { serveDashboard } from "../../dashboard/index.js";
import { temporaryFolder, trainerIn } from "../trainer/processes.js";
import { asking, events } from "./pages.js";
import { writeLongTraining } from "./write-long-training.js";

test("250,000 steps in 15 stages reach a page whole, in a few thousand numbers", async (t) => {
  t.timeout(240_000);
  const runs = temporaryFolder(t);
  const folder = join(runs, "20260101-000000-000-long");
  mkdirSync(folder);
  writeLongTraining(folder, 250_000);
  const trainer = await trainerIn(t, runs);
  const served = await serveDashboard({ trainer: trainer.address });
  t.teardown(() => served[Symbol.asyncDispose]());
  const page = asking(served);
  const { told, bytes } = await events(page, "20260101-000000-000-long", ({ kind }) => kind === "ended");
  const rows = new Map<number, { steps: number }>();
  let width = 0;
  for (const event of told) {
    if (event.kind !== "change" || event.change.steps === undefined) continue;
    const { from, entries } = event.change.steps;
    for (const at of [...rows.keys()]) if (at >= from) rows.delete(at);
    for (const [index, row] of entries.entries()) if (row) rows.set(from + index, row);
    width = event.change.steps.width;
  }
  t.is(width, 128);
  t.is(
    [...rows.values()].reduce((sum, { steps }) => sum + steps, 0),
    250_000,
  );
  t.true(bytes < 4_000_000, `${bytes} bytes in ${told.length} events`);
  const last = told.findLast((event) => event.kind === "change");
  t.like(last, { change: { standing: { state: "stopped", figures: { stepsTaken: 250_000 } } } });
});
