import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import test from "ava";
import { serveDashboard } from "../../dashboard/index.js";
import { closedPort } from "../closed-port.js";
import { temporaryFolder } from "../trainer/processes.js";
import { asking } from "./pages.js";

test("a control or a step that says something else than it should is refused before anybody is asked", async (t) => {
  const served = await serveDashboard({
    trainer: `127.0.0.1:${await closedPort()}`,
    trainerOptions: { deadlineMs: 1 },
  });
  t.teardown(() => served[Symbol.asyncDispose]());
  const page = asking(served);
  for (const body of [
    [],
    { stage: [] },
    { stage: true },
    { stage: " " },
    { stage: "0x1" },
    { stage: 1.5 },
    { hold: "no" },
  ])
    t.is((await page.post("/api/trainings/any/stage", body)).status, 400, JSON.stringify(body));
  for (const query of ["", "?step=%20", "?step=1e1", "?step=-1", "?step=99999999999999999999"])
    t.is((await page.get(`/api/trainings/any/batch${query}`)).status, 400, query);
  t.true((await page.post("/api/trainings/any/stage", { stage: 1, hold: true })).status >= 500, "the trainer is away");
});

test("a path that is no text is not found, and a page that goes while it asks is no fault of ours", async (t) => {
  const folder = temporaryFolder(t);
  const document = { datasets: [{ name: "made", store: "store" }], methods: ["constant"] };
  writeFileSync(join(folder, "study.json"), JSON.stringify(document));
  const faults: unknown[] = [];
  const served = await serveDashboard({ study: folder, onFault: (fault) => faults.push(fault) });
  t.teardown(() => served[Symbol.asyncDispose]());
  const { base, headers } = asking(served);
  t.is((await fetch(`${base}/%ff`)).status, 404);
  t.is((await fetch(`${base}/api/events`, { method: "DELETE", headers })).status, 400);
  const asked = request(`${base}/api/study`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", "content-length": 100, expect: "100-continue" },
  });
  asked.on("error", () => {});
  asked.flushHeaders();
  await once(asked, "continue");
  asked.destroy();
  await served[Symbol.asyncDispose]();
  t.deepEqual(faults, []);
});
