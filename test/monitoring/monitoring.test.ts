import { execFile } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { STATUS_OF } from "../../rpc/status.js";
import { TRAINING_STATES } from "../../trainer/state-words.js";
import { startServer } from "../conformance/served-store.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { readExposition, scrape } from "../metrics/exposition.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

const alerts = read("deploy/prometheus/alerts.yaml");

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

const dashboard = JSON.parse(read("deploy/grafana/patchstream.json")) as {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
};

/** The dashboard's expressions, with Grafana's variables as Grafana fills them in. */
const expressions = dashboard.panels.flatMap(({ targets = [] }) =>
  targets.map(({ expr }) =>
    expr
      .replaceAll("$__rate_interval", "5m")
      .replaceAll("$__range", "3h")
      .replaceAll(/\$(?:job|instance)/g, ".*"),
  ),
);

const used = [alerts, ...expressions, JSON.stringify(dashboard.templating)].join("\n");

/** Names of metrics as they stand in expressions. */
const NAME = /\b(?:patchstream|process|nodejs)_[a-z0-9_]+\b/g;

/** Name and type of each metric of our own, as the tables of `metrics.md` have them: `test/metrics` holds the page to what is exported. */
function metricsOnThePage(): { readonly name: string; readonly type: string }[] {
  const rows = read("docs/reference/metrics.md").matchAll(/^\| `(patchstream_\w+)` \| (\w+) \|/gm);
  return [...rows].map(([, name = "", type = ""]) => ({ name, type }));
}

test("every metric that an alert or the dashboard names is exported by a server or a trainer", async (t) => {
  const { metricsAddress } = await startServer(t, { metricsPort: 0 });
  const exported = new Set<string>();
  for (const { name, type } of [...metricsOnThePage(), ...readExposition(await scrape(metricsAddress))])
    for (const ending of type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]) exported.add(name + ending);
  const names = new Set([...used.matchAll(NAME)].map(([name]) => name));
  t.true(names.size > 30);
  t.deepEqual(
    [...names].filter((name) => !exported.has(name)),
    [],
  );
});

test("labels that are asked for are those of the metric, and their values are ones that there may be", (t) => {
  const page = read("docs/reference/metrics.md");
  const values = { code: Object.keys(STATUS_OF), state: TRAINING_STATES, service: ["DataService", "TrainerService"] };
  let asked = 0;
  for (const [, name = "", matchers = ""] of used.matchAll(/\b(patchstream_\w+)\{([^}]*)\}/g)) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name.replace(/_(?:bucket|sum|count)$/, "")}\``));
    for (const [, label = "", value = ""] of matchers.matchAll(/(\w+)=~?\\?"([^"\\]*)/g)) {
      if (label === "job" || label === "instance") continue;
      asked++;
      t.true(row?.includes(`\`${label}\``), `${name} has the label ${label}`);
      const known: readonly string[] | undefined = values[label as keyof typeof values];
      for (const one of value.split("|")) t.true(known?.includes(one), `${label} may be ${one}`);
    }
  }
  t.true(asked > 5);
});

test("every alert is explained, and leads to a part of the runbook that is there", (t) => {
  const runbook = read("docs/how-to/when-something-is-wrong.md");
  const parts = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title.toLowerCase().replaceAll(" ", "-"));
  const led = [...alerts.matchAll(/runbook: (.+)$/gm)].map(([, part = ""]) => part);
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = ""]) => name);
  t.is(led.length, names.length);
  for (const part of led) t.true(parts.includes(part), part);
  const explained = [...read("docs/reference/metrics.md").matchAll(/^\| `(Patchstream\w+)` \|/gm)];
  t.deepEqual(
    explained.map(([, name]) => name),
    names,
  );
});

test("the dashboard's panels have numbers and places of their own, and ask for something", (t) => {
  const { panels } = dashboard;
  t.is(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Map<string, string>();
  for (const { type, title, gridPos, targets = [] } of panels) {
    t.true(gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        t.is(taken.get(`${x} ${y}`), undefined, `${title} lies on another`);
        taken.set(`${x} ${y}`, title);
      }
    t.is(type === "row", targets.length === 0, title);
    t.is(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
  }
});

const promtool = process.env.PATCHSTREAM_PROMTOOL;

/** A test with promtool, which is there where `npm run test:alerts` has found or unpacked it. */
function testWithPromtool(title: string, body: (t: ExecutionContext, run: Promtool) => Promise<void>): void {
  test(title, async (t) => {
    t.timeout(300_000);
    if (promtool !== undefined) return body(t, (...args) => runPromtool(resolve(root, promtool), args));
    t.log("SKIPPED: needs promtool; `npm run test:alerts` runs it");
    t.pass();
  });
}

type Promtool = (...args: string[]) => Promise<{ readonly code: unknown; readonly out: string }>;

function runPromtool(tool: string, args: string[]): ReturnType<Promtool> {
  return new Promise((done) =>
    execFile(tool, args, (error, stdout, stderr) => done({ code: error?.code ?? 0, out: stdout + stderr })),
  );
}

testWithPromtool("each alert fires on the series of its trouble, and on nothing less", async (t, run) => {
  const folder = temporaryFolder(t);
  copyFileSync(join(root, "deploy/prometheus/alerts.yaml"), join(folder, "alerts.yaml"));
  copyFileSync(join(root, "test/monitoring/alerts.test.yaml"), join(folder, "alerts.test.yaml"));
  const tested = await run("test", "rules", join(folder, "alerts.test.yaml"));
  t.is(tested.code, 0, tested.out);
  for (const [, name = ""] of alerts.matchAll(/- alert: (\w+)/g))
    t.true(read("test/monitoring/alerts.test.yaml").includes(`alertname: ${name}\n`), `${name} is tried`);
});

testWithPromtool("Prometheus parses every expression of the dashboard", async (t, run) => {
  const file = join(temporaryFolder(t), "expressions.yaml");
  const rules = expressions.map((expr, index) => ({ record: `expression:${index}`, expr }));
  writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  const checked = await run("check", "rules", file);
  t.is(checked.code, 0, checked.out);
  t.regex(checked.out, new RegExp(`${expressions.length} rules found`));
  writeFileSync(
    file,
    JSON.stringify({ groups: [{ name: "dashboard", rules: [{ record: "wrong", expr: "sum(rate(" }] }] }),
  );
  t.not((await run("check", "rules", file)).code, 0, "promtool finds what does not parse");
});
